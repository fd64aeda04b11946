#pragma once

#include <cstdint>
#include <memory>

#include "core/messages.h"
#include "core/ring_reader.h"
#include "core/ring_writer.h"

namespace flashhead {

// What one slot of weights holds, see docs/protocol.md.
struct WeightsPayload {
  float arkit[52];
  float pose[4];
  float visemes[15];
};

// The frames of one output of a session: a ring of the worker, or one of our own that its messages are put into.
class Track {
 public:
  static Track OfWorker(const RingInfo& ring);
  static Track OfMessages(const RingGeometry& geometry);

  const RingReader& reader() const { return *reader_; }
  uint32_t payload_bytes() const { return payload_bytes_; }

  // On the network thread. False when the payload is none of this track.
  bool Add(const Frame& frame, const void* payload, size_t bytes) const;

 private:
  std::shared_ptr<RingWriter> writer_;
  std::shared_ptr<RingReader> reader_;
  uint32_t payload_bytes_ = 0;  // of every frame
};

struct Tracks {
  std::optional<Track> weights;
  std::optional<Track> video;
};

// Throws RingError when a ring cannot be read, or when one that was asked for is missing.
std::shared_ptr<const Tracks> OpenTracks(const OpenSettings& settings, const Opened& opened);

}  // namespace flashhead
