#include "core/ring_writer.h"

#include <cstring>
#include <new>
#include <utility>

namespace flashhead {

RingWriter::RingWriter(const RingGeometry& geometry)
    : RingWriter(geometry, SharedMemory::Create(geometry.TotalBytes())) {}

RingWriter::RingWriter(const RingGeometry& geometry, SharedMemory memory)
    : geometry_(geometry), memory_(std::move(memory)) {
  header_ = new (memory_.data()) RingHeader{};
  header_->version = kRingVersion;
  header_->header_bytes = kHeaderBytes;
  header_->kind = static_cast<uint32_t>(geometry.kind);
  header_->storage_kind = static_cast<uint32_t>(StorageKind::kSharedMemory);
  header_->slot_count = geometry.slot_count;
  header_->slot_bytes = geometry.slot_bytes;
  header_->payload_offset = geometry.payload_offset;
  header_->payload_bytes = geometry.payload_bytes;
  header_->width = geometry.width;
  header_->height = geometry.height;
  header_->row_bytes = geometry.width * 4;
  header_->pixel_format =
      static_cast<uint32_t>(geometry.kind == RingKind::kFrames ? PixelFormat::kRgba8 : PixelFormat::kNone);
  header_->generation = RandomNumber();
  header_->owner_pid = ProcessId();
  header_->state.store(static_cast<uint32_t>(RingState::kLive), std::memory_order_relaxed);
  Beat();
  std::atomic_thread_fence(std::memory_order_release);
  header_->magic = kRingMagic;
}

RingWriter::~RingWriter() { header_->state.store(static_cast<uint32_t>(RingState::kClosed), std::memory_order_release); }

bool RingWriter::Publish(const SlotInfo& info, const void* payload, uint32_t bytes) noexcept {
  if (bytes > geometry_.payload_bytes) return false;
  auto* start = static_cast<uint8_t*>(memory_.data()) + kHeaderBytes +
                published_ % geometry_.slot_count * geometry_.slot_bytes;
  auto* slot = reinterpret_cast<SlotHeader*>(start);
  slot->sequence.store(2 * published_ + 1, std::memory_order_relaxed);
  // No byte of the payload may be seen before the odd number that says that it changes.
  std::atomic_thread_fence(std::memory_order_release);
  slot->generation = header_->generation;
  slot->epoch = info.epoch;
  slot->utterance = info.utterance;
  slot->index = info.index;
  slot->pts_us = info.pts_us;
  slot->duration_us = info.duration_us;
  slot->flags = info.flags;
  slot->payload_bytes = bytes;
  std::memcpy(start + geometry_.payload_offset, payload, bytes);
  slot->sequence.store(2 * published_ + 2, std::memory_order_release);
  header_->head.store(++published_, std::memory_order_release);
  return true;
}

void RingWriter::Beat() noexcept { header_->heartbeat_ns.store(MonotonicNanoseconds(), std::memory_order_relaxed); }

}  // namespace flashhead
