// Shared memory of this user, on this machine. One file per platform implements it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace flashhead {

// A mapping and the lock that shows that its maker lives. Moves, never copies.
class SharedMemory {
 public:
  // Make a segment of random name that only this user may open, all zeros, its pages reserved.
  static SharedMemory Create(uint64_t bytes);
  // Memory of this process alone, all zeros, for frames that come as messages. `View` is the same memory, valid as
  // long as the one that was made.
  static SharedMemory Private(uint64_t bytes);
  static SharedMemory View(const SharedMemory& memory);
  // Map a segment read-only. Refuses one of another user or with more permissions than its maker gave it.
  static SharedMemory Open(const std::string& name);

  SharedMemory() = default;
  SharedMemory(SharedMemory&& other) noexcept;
  SharedMemory& operator=(SharedMemory&& other) noexcept;
  ~SharedMemory();

  void* data() const { return data_; }
  uint64_t bytes() const { return bytes_; }
  const std::string& name() const { return name_; }

  // Whether the maker still holds its lock. It loses it when it ends, however it ends.
  bool MakerLives() const;

 private:
  void Release();

  std::string name_;
  void* data_ = nullptr;
  uint64_t bytes_ = 0;
  intptr_t file_ = -1;  // a descriptor, on Windows a handle
  bool made_here_ = false;  // the name is removed in the end
  bool mapped_ = false;     // the memory is given back in the end
};

// Remove the segments of this user's makers that died. Returns how many.
int SweepSharedMemory();

uint64_t RandomNumber();
uint64_t MonotonicNanoseconds();
uint64_t ProcessId();

}  // namespace flashhead
