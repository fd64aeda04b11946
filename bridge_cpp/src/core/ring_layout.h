// What lies in a ring's shared memory, byte by byte; docs/protocol.md says the same in words.
//
// A ring has one writer (the worker) and any number of readers that map it read-only. Numbers are little-endian.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace flashhead {

constexpr uint64_t kRingMagic = 0x31474E4952484C46;  // "FLHRING1"
constexpr uint32_t kRingVersion = 1;
constexpr uint32_t kHeaderBytes = 4096;
constexpr uint32_t kPageBytes = 4096;
constexpr uint32_t kMinSlots = 2;
constexpr uint32_t kMaxSlots = 256;
constexpr uint32_t kMaxSide = 4096;
constexpr uint64_t kMaxRingBytes = uint64_t{512} << 20;

enum class RingKind : uint32_t { kWeights = 1, kFrames = 2 };
enum class StorageKind : uint32_t { kSharedMemory = 1 };  // others are reserved for handles of GPU memory
enum class PixelFormat : uint32_t { kNone = 0, kRgba8 = 1 };
enum class RingState : uint32_t { kLive = 1, kClosed = 2 };

// Counters that both sides touch lie on lines of their own, so that a heartbeat never slows a reader of the head.
struct RingHeader {
  uint64_t magic;  // written last: a ring without it is still being made
  uint32_t version;
  uint32_t header_bytes;
  uint32_t kind;
  uint32_t storage_kind;
  uint32_t slot_count;
  uint32_t slot_bytes;      // from one slot to the next
  uint32_t payload_offset;  // in a slot
  uint32_t payload_bytes;   // room in a slot
  uint32_t width;
  uint32_t height;
  uint32_t row_bytes;
  uint32_t pixel_format;
  uint64_t generation;  // random; the control connection tells it too
  uint64_t owner_pid;
  uint8_t reserved0[256 - 72];
  std::atomic<uint64_t> head;  // slots published so far; the newest is number head - 1
  uint8_t reserved1[384 - 264];
  std::atomic<uint64_t> heartbeat_ns;  // monotonic clock
  uint8_t reserved2[512 - 392];
  std::atomic<uint32_t> state;
  uint8_t reserved3[kHeaderBytes - 516];
};

struct SlotHeader {
  std::atomic<uint64_t> sequence;  // of number n: 2 n + 1 while it is written, 2 n + 2 after
  uint64_t generation;
  uint32_t epoch;
  uint32_t utterance;
  uint64_t index;
  int64_t pts_us;  // in the utterance's audio
  uint32_t duration_us;
  uint32_t flags;
  uint32_t payload_bytes;
  uint8_t reserved[64 - 52];
};

constexpr uint32_t kWeightsSlotBytes = 512;
constexpr uint32_t kWeightsPayloadOffset = sizeof(SlotHeader);
constexpr uint32_t kWeightsPayloadBytes = kWeightsSlotBytes - kWeightsPayloadOffset;

static_assert(sizeof(RingHeader) == kHeaderBytes);
static_assert(offsetof(RingHeader, generation) == 56);
static_assert(offsetof(RingHeader, head) == 256);
static_assert(offsetof(RingHeader, heartbeat_ns) == 384);
static_assert(offsetof(RingHeader, state) == 512);
static_assert(sizeof(SlotHeader) == 64);
static_assert(offsetof(SlotHeader, pts_us) == 32);
static_assert(offsetof(SlotHeader, payload_bytes) == 48);
static_assert(std::atomic<uint64_t>::is_always_lock_free, "rings need 64-bit atomics without a lock");

// What a slot says besides its payload.
struct SlotInfo {
  uint32_t epoch = 0;
  uint32_t utterance = 0;
  uint64_t index = 0;
  int64_t pts_us = 0;
  uint32_t duration_us = 0;
  uint32_t flags = 0;
  uint32_t payload_bytes = 0;
};

// The sizes of a ring, copied once out of its header and checked; nothing is read from there again.
struct RingGeometry {
  RingKind kind = RingKind::kWeights;
  uint32_t slot_count = 0;
  uint32_t slot_bytes = 0;
  uint32_t payload_offset = 0;
  uint32_t payload_bytes = 0;
  uint32_t width = 0;
  uint32_t height = 0;

  uint64_t TotalBytes() const { return kHeaderBytes + uint64_t{slot_count} * slot_bytes; }
};

// The geometry of a ring of weights (60 a second) or of RGBA8 frames; pixels begin on a page.
// Throws RingError when a number is out of its bounds.
RingGeometry WeightsGeometry(uint32_t slot_count);
RingGeometry FramesGeometry(uint32_t slot_count, uint32_t width, uint32_t height);

}  // namespace flashhead
