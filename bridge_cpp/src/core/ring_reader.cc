#include "core/ring_reader.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/ring_error.h"

namespace flashhead {
namespace {

void Require(bool sound, const char* what) {
  if (!sound) throw RingError(std::string("not a sound ring: ") + what);
}

// Copies every number out of the header once, then compares with the one geometry that such a ring can have.
RingGeometry CheckedGeometry(const SharedMemory& memory, uint64_t generation) {
  Require(memory.bytes() >= kHeaderBytes, "shorter than its header");
  const auto& header = *static_cast<const RingHeader*>(memory.data());
  Require(header.magic == kRingMagic, "wrong magic (still being made, or no ring)");
  std::atomic_thread_fence(std::memory_order_acquire);
  if (header.version != kRingVersion) {
    throw RingError("the ring has layout version " + std::to_string(header.version) + ", this reader knows " +
                    std::to_string(kRingVersion) + ": update the older of worker and client");
  }
  Require(header.header_bytes == kHeaderBytes, "wrong header size");
  Require(header.storage_kind == static_cast<uint32_t>(StorageKind::kSharedMemory), "unknown kind of storage");
  Require(header.generation == generation, "of another generation than the worker announced");
  const uint32_t kind = header.kind, slots = header.slot_count, width = header.width, height = header.height;
  Require(kind == static_cast<uint32_t>(RingKind::kWeights) || kind == static_cast<uint32_t>(RingKind::kFrames),
          "unknown kind");
  const bool frames = kind == static_cast<uint32_t>(RingKind::kFrames);
  const RingGeometry geometry = frames ? FramesGeometry(slots, width, height) : WeightsGeometry(slots);
  Require(header.slot_bytes == geometry.slot_bytes, "wrong slot size");
  Require(header.payload_offset == geometry.payload_offset, "wrong place of the payload");
  Require(header.payload_bytes == geometry.payload_bytes, "wrong payload size");
  Require(header.row_bytes == geometry.width * 4, "wrong row size");
  Require(geometry.TotalBytes() <= memory.bytes(), "larger than its memory");
  return geometry;
}

}  // namespace

RingReader::RingReader(const std::string& name, uint64_t generation)
    : RingReader(SharedMemory::Open(name), generation) {}

RingReader::RingReader(SharedMemory memory, uint64_t generation)
    : memory_(std::move(memory)), geometry_(CheckedGeometry(memory_, generation)) {}

uint64_t RingReader::Published() const noexcept { return header().head.load(std::memory_order_acquire); }

const uint8_t* RingReader::Slot(uint64_t number) const {
  return static_cast<const uint8_t*>(memory_.data()) + kHeaderBytes +
         number % geometry_.slot_count * geometry_.slot_bytes;
}

bool RingReader::ReadInfo(uint64_t number, SlotInfo* info) const noexcept {
  const auto& slot = *reinterpret_cast<const SlotHeader*>(Slot(number));
  const uint64_t expected = 2 * number + 2;
  if (slot.sequence.load(std::memory_order_acquire) != expected) return false;
  *info = {slot.epoch, slot.utterance, slot.index, slot.pts_us, slot.duration_us, slot.flags, slot.payload_bytes};
  std::atomic_thread_fence(std::memory_order_acquire);
  return slot.sequence.load(std::memory_order_relaxed) == expected;
}

ReadResult RingReader::Read(uint64_t number, SlotInfo* info, void* payload, uint32_t room) const noexcept {
  if (number >= header().head.load(std::memory_order_acquire)) return ReadResult::kNotYet;
  SlotInfo read;
  if (!ReadInfo(number, &read)) return ReadResult::kOverwritten;
  // Bounded by the geometry that was checked, whatever the slot says.
  if (read.payload_bytes > geometry_.payload_bytes) return ReadResult::kOverwritten;
  if (read.payload_bytes > room) return ReadResult::kTooLarge;
  std::memcpy(payload, Slot(number) + geometry_.payload_offset, read.payload_bytes);
  std::atomic_thread_fence(std::memory_order_acquire);
  const auto& slot = *reinterpret_cast<const SlotHeader*>(Slot(number));
  if (slot.sequence.load(std::memory_order_relaxed) != 2 * number + 2) return ReadResult::kOverwritten;
  *info = read;
  return ReadResult::kRead;
}

bool RingReader::Find(uint32_t epoch, uint32_t utterance, int64_t audio_us, uint64_t* number) const noexcept {
  const uint64_t published = Published();
  const uint64_t oldest = published - std::min<uint64_t>(published, geometry_.slot_count);
  bool any = false;
  int64_t latest_us = 0;
  for (uint64_t candidate = published; candidate-- > oldest;) {
    SlotInfo info;
    if (!ReadInfo(candidate, &info)) continue;
    if (info.epoch != epoch || info.utterance != utterance || info.pts_us > audio_us) continue;
    // The latest by its time, in whatever order they were published.
    if (any && info.pts_us <= latest_us) continue;
    any = true;
    latest_us = info.pts_us;
    *number = candidate;
    // Unsigned, for times that nobody checked may be far apart.
    if (static_cast<uint64_t>(audio_us) - static_cast<uint64_t>(info.pts_us) < info.duration_us) break;
  }
  return any;
}

bool RingReader::WriterLives() const noexcept { return !Closed() && memory_.MakerLives(); }

// The lock first: who closes a ring says so before the lock is free.
bool RingReader::WriterDied() const noexcept { return !memory_.MakerLives() && !Closed(); }

bool RingReader::Closed() const noexcept {
  return header().state.load(std::memory_order_acquire) != static_cast<uint32_t>(RingState::kLive);
}

uint64_t RingReader::HeartbeatAgeNs() const noexcept {
  const uint64_t beat = header().heartbeat_ns.load(std::memory_order_relaxed), now = MonotonicNanoseconds();
  return now > beat ? now - beat : 0;
}

}  // namespace flashhead
