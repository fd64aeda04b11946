#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace flashhead {

// Numbers for things that a program holds. A number is kind (8 bits), count of uses of its place (32 bits), place
// (24 bits); so one that was closed, or is of another kind, is known for what it is.
template <typename T, uint8_t kKind>
class Handles {
 public:
  uint64_t Add(std::shared_ptr<T> thing) {
    std::lock_guard lock(mutex_);
    size_t place = 0;
    while (place < entries_.size() && entries_[place].thing != nullptr) ++place;
    if (place == entries_.size()) entries_.emplace_back();
    entries_[place].thing = std::move(thing);
    return Number(place);
  }

  // Null when there is none of this number.
  std::shared_ptr<T> Get(uint64_t handle) {
    std::lock_guard lock(mutex_);
    const size_t place = handle & 0xFFFFFF;
    const bool known = place < entries_.size() && handle == Number(place);
    return known ? entries_[place].thing : nullptr;
  }

  std::shared_ptr<T> Remove(uint64_t handle) {
    std::lock_guard lock(mutex_);
    const size_t place = handle & 0xFFFFFF;
    if (place >= entries_.size() || handle != Number(place)) return nullptr;
    ++entries_[place].uses;
    return std::exchange(entries_[place].thing, nullptr);
  }

  // All that are in use.
  std::vector<uint64_t> All() {
    std::lock_guard lock(mutex_);
    std::vector<uint64_t> handles;
    for (size_t place = 0; place < entries_.size(); ++place) {
      if (entries_[place].thing != nullptr) handles.push_back(Number(place));
    }
    return handles;
  }

 private:
  struct Entry {
    std::shared_ptr<T> thing;
    uint32_t uses = 1;
  };

  uint64_t Number(size_t place) const {
    return uint64_t{kKind} << 56 | uint64_t{entries_[place].uses} << 24 | place;
  }

  std::mutex mutex_;
  std::vector<Entry> entries_;
};

}  // namespace flashhead
