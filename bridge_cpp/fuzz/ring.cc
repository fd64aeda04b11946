// Whatever lies in the shared memory of a ring: it is refused, or read within its bounds.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "core/ring_error.h"
#include "core/ring_layout.h"
#include "core/ring_reader.h"

using namespace flashhead;

// The header's fields are taken from the input; of the rest as much as there is.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr uint64_t kBytes = kHeaderBytes + 4 * 2 * kPageBytes;
  const SharedMemory memory = SharedMemory::Private(kBytes);
  if (size > 0) std::memcpy(memory.data(), data, size < kBytes ? size : kBytes);
  uint64_t generation = 0;
  std::memcpy(&generation, static_cast<uint8_t*>(memory.data()) + 56, sizeof generation);
  try {
    const RingReader reader(SharedMemory::View(memory), generation);
    std::vector<uint8_t> payload(reader.geometry().payload_bytes);
    SlotInfo info;
    uint64_t number = 0;
    for (uint64_t back = 0; back < 4; ++back) {
      reader.Read(reader.Published() - back, &info, payload.data(), static_cast<uint32_t>(payload.size()));
    }
    if (reader.Find(1, 7, INT64_MAX, &number)) reader.ReadInfo(number, &info);
    reader.HeartbeatAgeNs();
    reader.WriterLives();
    reader.WriterDied();
  } catch (const RingError&) {
  }
  return 0;
}
