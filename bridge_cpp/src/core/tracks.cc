#include "core/tracks.h"

#include <utility>

#include "core/ring_error.h"

namespace flashhead {
namespace {

constexpr uint32_t kWeightsSlots = 64;  // as the worker's own rings have
constexpr uint32_t kFramesSlots = 8;

static_assert(sizeof(WeightsPayload) == 71 * sizeof(float));

uint32_t PayloadBytes(const RingGeometry& geometry) {
  return geometry.kind == RingKind::kFrames ? geometry.payload_bytes : sizeof(WeightsPayload);
}

Track OpenRing(const std::optional<RingInfo>& ring, RingKind kind, uint32_t size) {
  if (!ring) throw RingError("the worker did not say where the frames are");
  Track track = Track::OfWorker(*ring);
  const RingGeometry& geometry = track.reader().geometry();
  if (geometry.kind != kind || (kind == RingKind::kFrames && (geometry.width != size || geometry.height != size))) {
    throw RingError("the worker's ring is of another kind or size than was asked for");
  }
  return track;
}

}  // namespace

Track Track::OfWorker(const RingInfo& ring) {
  Track track;
  track.reader_ = std::make_shared<RingReader>(ring.name, ring.generation);
  track.payload_bytes_ = PayloadBytes(track.reader_->geometry());
  return track;
}

Track Track::OfMessages(const RingGeometry& geometry) {
  Track track;
  track.writer_ = std::make_shared<RingWriter>(geometry, SharedMemory::Private(geometry.TotalBytes()));
  track.reader_ =
      std::make_shared<RingReader>(SharedMemory::View(track.writer_->memory()), track.writer_->generation());
  track.payload_bytes_ = PayloadBytes(geometry);
  return track;
}

bool Track::Add(const Frame& frame, const void* payload, size_t bytes) const {
  if (writer_ == nullptr || bytes != payload_bytes_) return false;
  const SlotInfo info{frame.epoch, frame.utterance, frame.index, frame.pts_us, frame.duration_us, frame.flags, 0};
  return writer_->Publish(info, payload, payload_bytes_);
}

std::shared_ptr<const Tracks> OpenTracks(const OpenSettings& settings, const Opened& opened) {
  auto tracks = std::make_shared<Tracks>();
  const bool messages = settings.frames_as_messages;
  if (settings.blendshapes) {
    tracks->weights = messages ? Track::OfMessages(WeightsGeometry(kWeightsSlots))
                               : OpenRing(opened.weights, RingKind::kWeights, 0);
  }
  if (settings.video) {
    tracks->video = messages ? Track::OfMessages(FramesGeometry(kFramesSlots, settings.size, settings.size))
                             : OpenRing(opened.video, RingKind::kFrames, settings.size);
  }
  return tracks;
}

}  // namespace flashhead
