#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <utility>

namespace flashhead {

// A queue between one thread that pushes and one that pops, without a lock. Values are moved.
template <typename T, size_t kRoom>
class SpscQueue {
 public:
  // False, and nothing moved, when it is full.
  bool Push(T&& value) {
    const size_t tail = tail_.load(std::memory_order_relaxed);
    if (tail - head_.load(std::memory_order_acquire) == kRoom) return false;
    items_[tail % kRoom] = std::move(value);
    tail_.store(tail + 1, std::memory_order_release);
    return true;
  }

  bool Pop(T* value) {
    const size_t head = head_.load(std::memory_order_relaxed);
    if (head == tail_.load(std::memory_order_acquire)) return false;
    *value = std::exchange(items_[head % kRoom], T());
    head_.store(head + 1, std::memory_order_release);
    return true;
  }

 private:
  std::array<T, kRoom> items_;
  alignas(128) std::atomic<size_t> head_{0};
  alignas(128) std::atomic<size_t> tail_{0};
};

}  // namespace flashhead
