// Rings between processes of Windows, as the worker and a game have them; tests/bridge/test_bridge_windows.py runs it.
//
//     rings write                     makes a ring of weights, prints its name and generation, publishes 60 frames a
//                                     second until stdin closes
//     rings read NAME GENERATION      prints what it reads, until the writer is gone
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <vector>

#include "core/ring_error.h"
#include "core/ring_reader.h"
#include "core/ring_writer.h"
#include "platform/process.h"

using namespace flashhead;

namespace {

constexpr int kFrameMs = 16;

int Write() {
  RingWriter ring(WeightsGeometry(64));
  std::printf("%s %llu\n", ring.name().c_str(), static_cast<unsigned long long>(ring.generation()));
  std::thread([&ring] {
    std::vector<float> numbers(71);
    for (uint32_t index = 0;; ++index) {
      numbers.assign(numbers.size(), static_cast<float>(index));
      ring.Publish({1, 1, index, int64_t{index} * 16667, 16667, 0, 0}, numbers.data(), 284);
      ring.Beat();
      SleepMs(kFrameMs);
    }
  }).detach();
  while (std::getchar() != EOF) {
  }
  std::exit(0);
}

int Read(const std::string& name, uint64_t generation) {
  const RingReader reader(name, generation);
  std::printf("writer lives %d\n", reader.WriterLives());
  uint64_t seen = 0;
  while (reader.WriterLives()) {
    SlotInfo info;
    float numbers[112];
    const uint64_t published = reader.Published();
    if (published > seen && reader.Read(published - 1, &info, numbers, sizeof numbers) == ReadResult::kRead) {
      if (numbers[70] != static_cast<float>(info.index)) return std::printf("torn\n"), 1;
      if (seen == 0) std::printf("read %llu, beat %llu ms ago\n", static_cast<unsigned long long>(info.index),
                                 static_cast<unsigned long long>(reader.HeartbeatAgeNs() / 1'000'000));
      seen = published;
    }
    SleepMs(kFrameMs);
  }
  std::printf("writer gone\n");
  return seen > 0 ? 0 : 1;
}

}  // namespace

int main(int count, char** words) {
  std::setvbuf(stdout, nullptr, _IONBF, 0);
  try {
    if (count == 2 && std::strcmp(words[1], "write") == 0) return Write();
    if (count == 4 && std::strcmp(words[1], "read") == 0) return Read(words[2], std::strtoull(words[3], nullptr, 10));
  } catch (const RingError& error) {
    return std::printf("error %s\n", error.what()), 1;
  }
  return 2;
}
