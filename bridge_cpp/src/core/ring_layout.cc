#include "core/ring_layout.h"

#include "core/ring_error.h"

namespace flashhead {
namespace {

RingGeometry Checked(const RingGeometry& geometry) {
  if (geometry.slot_count < kMinSlots || geometry.slot_count > kMaxSlots) {
    throw RingError("a ring has 2 to 256 slots");
  }
  if (geometry.TotalBytes() > kMaxRingBytes) throw RingError("a ring is at most 512 MiB large: use fewer slots");
  return geometry;
}

}  // namespace

RingGeometry WeightsGeometry(uint32_t slot_count) {
  return Checked({RingKind::kWeights, slot_count, kWeightsSlotBytes, kWeightsPayloadOffset, kWeightsPayloadBytes, 0, 0});
}

RingGeometry FramesGeometry(uint32_t slot_count, uint32_t width, uint32_t height) {
  if (width < 1 || height < 1 || width > kMaxSide || height > kMaxSide) {
    throw RingError("frames are 1 to 4096 pixels a side");
  }
  const uint32_t pixels = width * height * 4;
  const uint32_t pages = (pixels + kPageBytes - 1) / kPageBytes;
  return Checked({RingKind::kFrames, slot_count, kPageBytes + pages * kPageBytes, kPageBytes, pixels, width, height});
}

}  // namespace flashhead
