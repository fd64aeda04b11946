#include "core/log.h"

#include <deque>
#include <mutex>
#include <utility>

namespace flashhead {
namespace {

constexpr size_t kLines = 256;

struct Lines {
  std::mutex mutex;
  std::deque<std::pair<int32_t, std::string>> waiting;
};

// Never destroyed: threads may still log while a program ends.
Lines& TheLines() {
  static auto* lines = new Lines;
  return *lines;
}

}  // namespace

void Log(int32_t level, std::string line) {
  auto& lines = TheLines();
  std::lock_guard lock(lines.mutex);
  if (lines.waiting.size() == kLines) lines.waiting.pop_front();
  lines.waiting.emplace_back(level, std::move(line));
}

bool NextLogLine(std::string* line, int32_t* level) {
  auto& lines = TheLines();
  std::lock_guard lock(lines.mutex);
  if (lines.waiting.empty()) return false;
  *level = lines.waiting.front().first;
  *line = std::move(lines.waiting.front().second);
  lines.waiting.pop_front();
  return true;
}

}  // namespace flashhead
