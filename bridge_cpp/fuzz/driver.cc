// Runs a fuzz target where there is no libFuzzer: every file of a corpus, then changed copies of them.
//
//     fuzz_messages CORPUS RUNS [SEED]
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

using Bytes = std::vector<uint8_t>;

constexpr uint8_t kTelling[] = {0x00, 0x01, 0x7F, 0x80, 0x8F, 0x90, 0x91, 0x9F, 0xA0, 0xBF, 0xC0, 0xC4,
                                0xCA, 0xCB, 0xCF, 0xD3, 0xD9, 0xDB, 0xDC, 0xDD, 0xDE, 0xDF, 0xE0, 0xFF};

Bytes Changed(Bytes bytes, const std::vector<Bytes>& corpus, std::mt19937_64& random) {
  const auto below = [&](size_t most) { return static_cast<size_t>(random() % (most + 1)); };
  for (size_t changes = 1 + below(4); changes > 0; --changes) {
    const size_t at = bytes.empty() ? 0 : below(bytes.size() - 1);
    switch (bytes.empty() ? 3 : random() % 7) {
      case 0:
        bytes[at] ^= static_cast<uint8_t>(1u << (random() % 8));
        break;
      case 1:
        bytes[at] = kTelling[random() % sizeof kTelling];
        break;
      case 2:
        bytes.resize(at);
        break;
      case 3:
        bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(at), 1 + below(8), kTelling[random() % sizeof kTelling]);
        break;
      case 4:
        bytes.erase(bytes.begin() + static_cast<std::ptrdiff_t>(at));
        break;
      case 5: {  // the end of another one
        const Bytes& other = corpus[random() % corpus.size()];
        const size_t from = other.empty() ? 0 : below(other.size() - 1);
        bytes.resize(at);
        bytes.insert(bytes.end(), other.begin() + static_cast<std::ptrdiff_t>(from), other.end());
        break;
      }
      default:  // a number of eight bytes
        for (size_t i = at; i < bytes.size() && i < at + 8; ++i) bytes[i] = static_cast<uint8_t>(random());
    }
  }
  return bytes;
}

}  // namespace

int main(int count, char** words) {
  if (count < 3) return std::fprintf(stderr, "usage: %s CORPUS RUNS [SEED]\n", words[0]), 2;
  std::vector<Bytes> corpus;
  for (const auto& entry : std::filesystem::directory_iterator(words[1])) {
    std::ifstream file(entry.path(), std::ios::binary);
    corpus.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  if (corpus.empty()) return std::fprintf(stderr, "%s: no corpus\n", words[1]), 2;
  for (const auto& bytes : corpus) LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
  std::mt19937_64 random(count > 3 ? std::strtoull(words[3], nullptr, 10) : 1);
  const unsigned long long runs = std::strtoull(words[2], nullptr, 10);
  for (unsigned long long run = 0; run < runs; ++run) {
    // A copy of just its size: a byte read beyond is seen by the sanitizer.
    const Bytes changed = Changed(corpus[random() % corpus.size()], corpus, random);
    Bytes exact(changed.begin(), changed.end());
    exact.shrink_to_fit();
    LLVMFuzzerTestOneInput(exact.data(), exact.size());
  }
  std::printf("%zu files and %llu changed ones\n", corpus.size(), runs);
}
