#include "core/ring_writer.h"

#include <cstring>
#include <new>

#if defined(__x86_64__) || defined(_M_X64)
#include <emmintrin.h>
#endif

namespace flashhead {

RingWriter::RingWriter(const RingGeometry& geometry)
    : geometry_(geometry), memory_(SharedMemory::Create(geometry.TotalBytes())) {
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

namespace {

// A copy that leaves the cache alone where the processor can: what is written is read by another core, later, and
// need not be fetched before it is overwritten.
void CopyPast(uint8_t* target, const void* source, uint32_t bytes) noexcept {
#if defined(__x86_64__) || defined(_M_X64)
  const auto* from = static_cast<const uint8_t*>(source);
  if (bytes >= kPageBytes && reinterpret_cast<uintptr_t>(target) % 16 == 0) {
    const uint32_t whole = bytes / 64 * 64;
    // Such stores keep no order with others: none may be seen before the odd number, none after the even one.
    _mm_sfence();
    for (uint32_t at = 0; at < whole; at += 64) {
      for (uint32_t part = at; part < at + 64; part += 16) {
        const __m128i value = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + part));
        _mm_stream_si128(reinterpret_cast<__m128i*>(target + part), value);
      }
    }
    _mm_sfence();
    std::memcpy(target + whole, from + whole, bytes - whole);
    return;
  }
#endif
  std::memcpy(target, source, bytes);
}

}  // namespace

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
  CopyPast(start + geometry_.payload_offset, payload, bytes);
  slot->sequence.store(2 * published_ + 2, std::memory_order_release);
  header_->head.store(++published_, std::memory_order_release);
  return true;
}

void RingWriter::Beat() noexcept { header_->heartbeat_ns.store(MonotonicNanoseconds(), std::memory_order_relaxed); }

}  // namespace flashhead
