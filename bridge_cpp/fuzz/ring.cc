// Whatever lies in the shared memory of a ring: it is refused, or read within its bounds.
#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <utility>
#include <vector>

#include "core/ring_error.h"
#include "core/ring_layout.h"
#include "core/ring_reader.h"

using namespace flashhead;

namespace {

constexpr uint64_t kBytes = kHeaderBytes + 4 * 2 * kPageBytes;

// With memory right behind it that nobody may touch: no sanitizer watches the bounds of mapped memory.
const SharedMemory& Memory() {
  static SharedMemory behind = SharedMemory::Private(kBytes), memory = SharedMemory::Private(kBytes);
  static std::vector<SharedMemory> kept;  // gaps that are filled: given back, they would be given again for ever
  static const bool guarded = [] {
    while (static_cast<uint8_t*>(memory.data()) + kBytes != behind.data()) {
      kept.push_back(std::exchange(behind, std::exchange(memory, SharedMemory::Private(kBytes))));
    }
    return mprotect(behind.data(), kBytes, PROT_NONE) == 0;
  }();
  if (!guarded) std::abort();
  return memory;
}

}  // namespace

// The header's fields are taken from the input; of the rest as much as there is.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const SharedMemory& memory = Memory();
  std::memset(memory.data(), 0, kBytes);
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
