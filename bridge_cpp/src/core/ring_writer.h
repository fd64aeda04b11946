#pragma once

#include <cstdint>
#include <string>

#include "core/ring_layout.h"
#include "platform/shared_memory.h"

namespace flashhead {

// The one writer of a ring. It never waits for a reader: a slow reader misses frames.
class RingWriter {
 public:
  // Throws RingError when the memory cannot be had.
  explicit RingWriter(const RingGeometry& geometry);
  // In memory of at least geometry.TotalBytes(), all zeros.
  RingWriter(const RingGeometry& geometry, SharedMemory memory);
  // Readers are told that the ring is closed; its name goes away at once.
  ~RingWriter();

  RingWriter(const RingWriter&) = delete;
  RingWriter& operator=(const RingWriter&) = delete;

  // Copy a payload of at most geometry().payload_bytes into the next slot. False, and nothing written, when it is
  // larger. Only one thread may call it.
  bool Publish(const SlotInfo& info, const void* payload, uint32_t bytes) noexcept;

  // Tell readers that the writer lives; ten times a second is enough. Any thread may call it.
  void Beat() noexcept;

  const RingGeometry& geometry() const { return geometry_; }
  const std::string& name() const { return memory_.name(); }
  const SharedMemory& memory() const { return memory_; }
  uint64_t generation() const { return header_->generation; }
  uint64_t published() const { return published_; }

 private:
  RingGeometry geometry_;
  SharedMemory memory_;
  RingHeader* header_;
  uint64_t published_ = 0;
};

}  // namespace flashhead
