// Copies pictures out of shared memory on a thread of its own, so that the copy is no work of the thread that draws.
// Calls nothing of Godot's.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "abi/ahead.h"

namespace flashhead_godot {

// The picture that a texture shows next. Whoever holds the lock has `pixels`.
struct NextPicture {
  std::mutex mutex;
  uint8_t* pixels = nullptr;  // null: nothing may be written any more
  size_t bytes = 0;
  flashhead::Given read;  // what `pixels` has

  // Which one is wanted.
  flashhead_session session = 0;
  uint32_t utterance = 0;
  int64_t audio_us = 0;
  std::chrono::steady_clock::time_point until;  // whoever drew it may be gone
  bool wanted = false;
};

class Reader {
 public:
  // Has what a picture says is wanted read as soon as it is there. The caller does not hold its lock.
  void Want(const std::shared_ptr<NextPicture>& picture);
  // Ends the thread; it begins anew when something is wanted again.
  void Stop();

 private:
  void Run();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::shared_ptr<NextPicture>> wanted_;
  bool stops_ = false;
  std::thread thread_;
};

// Never destroyed: a destructor would keep Godot from unloading the library.
Reader& TheReader();

}  // namespace flashhead_godot
