// For a plug-in that this library is linked into: copying pictures on a thread of its own before they are shown. Not in
// the C header.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/session.h"
#include "flashhead_bridge.h"

namespace flashhead {

// As flashhead_acquire_video. `held`: the picture that `pixels` has, if any, before the call and after it; when it is
// the one for this time, nothing is copied. May be null.
flashhead_result AcquireVideo(flashhead_session session, uint32_t utterance, int64_t audio_us, flashhead_frame* frame,
                              void* pixels, size_t pixel_bytes, Given* held);

// Copies the picture for a time to come. It does not count as acquired. False: there is none that was not acquired.
bool ReadVideoAhead(flashhead_session session, uint32_t utterance, int64_t audio_us, void* pixels, size_t pixel_bytes,
                    Given* held);

}  // namespace flashhead
