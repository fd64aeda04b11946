#pragma once

#include <cstdint>
#include <string>

#include "core/ring_layout.h"
#include "platform/shared_memory.h"

namespace flashhead {

enum class ReadResult {
  kRead,
  kNotYet,       // nothing was published there
  kOverwritten,  // the writer was faster; also when it is just writing there
  kTooLarge,     // the caller's buffer is smaller than the payload
};

// A reader of a ring. It trusts nothing that the writer wrote: sizes are checked against the mapping when it is
// opened and never read again, a slot's number is checked before and after its copy.
class RingReader {
 public:
  // Throws RingError when there is no such ring, when it is of another generation, or when its header is not sound.
  RingReader(const std::string& name, uint64_t generation);
  RingReader(SharedMemory memory, uint64_t generation);

  // How many slots were published; the newest is this minus one. A hostile or broken writer's number may fall.
  uint64_t Published() const noexcept;

  // What slot `number` says besides its payload. False when it is not there, or just being written.
  bool ReadInfo(uint64_t number, SlotInfo* info) const noexcept;

  // Copy slot `number` to `payload`, at most `room` bytes. `info` is set when kRead is returned.
  ReadResult Read(uint64_t number, SlotInfo* info, void* payload, uint32_t room) const noexcept;

  // The number of the slot that is shown at `audio_us` of an utterance: the latest one of this epoch and utterance
  // whose PTS is not after it. False when the ring holds none.
  bool Find(uint32_t epoch, uint32_t utterance, int64_t audio_us, uint64_t* number) const noexcept;

  // False once the writer closed the ring, or ended in any way.
  bool WriterLives() const noexcept;
  // True once the writer ended without having closed the ring: it was killed, or crashed.
  bool WriterDied() const noexcept;
  uint64_t HeartbeatAgeNs() const noexcept;

  const RingGeometry& geometry() const { return geometry_; }

 private:
  const RingHeader& header() const { return *static_cast<const RingHeader*>(memory_.data()); }
  const uint8_t* Slot(uint64_t number) const;
  bool Closed() const noexcept;

  SharedMemory memory_;
  RingGeometry geometry_;
};

}  // namespace flashhead
