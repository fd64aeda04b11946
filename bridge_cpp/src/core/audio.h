#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

namespace flashhead {

// Samples of an utterance as they are sent, kept until they were spoken so that another worker can go on with them.
class Audio {
 public:
  Audio(uint32_t sample_rate_hz, uint32_t sample_bytes) : sample_rate_hz_(sample_rate_hz), sample_bytes_(sample_bytes) {}

  void Append(std::string data);
  void Clear();
  // Drop whole pieces that lie well before this time.
  void Forget(int64_t now_us);
  // What is kept of the samples from this time on, in pieces that fit into a message; at least one, maybe empty.
  std::vector<std::string> Since(int64_t time_us) const;
  int64_t DurationUs() const;

 private:
  uint64_t Position(int64_t time_us) const;

  uint32_t sample_rate_hz_;
  uint32_t sample_bytes_;  // of one sample of all channels
  std::deque<std::string> pieces_;
  uint64_t begin_ = 0;  // of the first piece, in bytes from the beginning
  uint64_t end_ = 0;
};

// Samples in pieces that fit into a message; at least one, maybe empty.
std::vector<std::string> Pieces(const std::string& data, uint32_t sample_bytes);

}  // namespace flashhead
