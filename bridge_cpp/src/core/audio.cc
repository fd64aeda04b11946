#include "core/audio.h"

#include <algorithm>
#include <utility>

namespace flashhead {
namespace {

constexpr size_t kPieceBytes = size_t{1} << 20;
constexpr int64_t kKeptUs = 2'000'000;  // for a client that seeks back a little or whose clock comes late

}  // namespace

void Audio::Append(std::string data) {
  if (data.empty()) return;
  end_ += data.size();
  pieces_.push_back(std::move(data));
}

void Audio::Clear() {
  pieces_.clear();
  begin_ = end_;
}

void Audio::Forget(int64_t now_us) {
  const uint64_t keep = Position(now_us - kKeptUs);
  while (!pieces_.empty() && begin_ + pieces_.front().size() <= keep) {
    begin_ += pieces_.front().size();
    pieces_.pop_front();
  }
}

std::vector<std::string> Audio::Since(int64_t time_us) const {
  std::string data;
  for (const auto& piece : pieces_) data += piece;
  const uint64_t wanted = Position(time_us), skipped = wanted > begin_ ? wanted - begin_ : 0;
  return Pieces(data.substr(std::min<uint64_t>(skipped, data.size())), sample_bytes_);
}

int64_t Audio::DurationUs() const {
  const uint64_t samples = end_ / sample_bytes_;
  return static_cast<int64_t>(samples / sample_rate_hz_ * 1'000'000 +
                              samples % sample_rate_hz_ * 1'000'000 / sample_rate_hz_);
}

uint64_t Audio::Position(int64_t time_us) const {
  // A time that a caller made up must not overflow.
  const auto us = static_cast<uint64_t>(std::clamp<int64_t>(time_us, 0, int64_t{1} << 40));
  return (us / 1'000'000 * sample_rate_hz_ + us % 1'000'000 * sample_rate_hz_ / 1'000'000) * sample_bytes_;
}

std::vector<std::string> Pieces(const std::string& data, uint32_t sample_bytes) {
  const size_t step = kPieceBytes / sample_bytes * sample_bytes;
  std::vector<std::string> pieces;
  for (size_t start = 0; start < data.size(); start += step) pieces.push_back(data.substr(start, step));
  if (pieces.empty()) pieces.emplace_back();
  return pieces;
}

}  // namespace flashhead
