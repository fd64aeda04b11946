// What the network thread tells the side that a program calls, and how: without a lock between the two.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <variant>

#include "core/event.h"
#include "core/spsc_queue.h"
#include "core/tracks.h"

namespace flashhead {

// A worker has the session. `cancels`: how many were asked for before; this worker never hears of them.
struct NowOpen {
  std::shared_ptr<const Tracks> tracks;
  std::string tier;
  uint64_t cancels = 0;
};
struct NowLost {};
struct NowClosed {};

// Where frames of an utterance are found. `offset_us`: the time in its audio where this worker began.
struct NowPlaced {
  uint32_t utterance = 0;
  uint32_t epoch = 0;
  int64_t offset_us = 0;
  bool speaking = false;
};
struct NowOver {
  uint32_t utterance = 0;
  int32_t state = 0;  // FLASHHEAD_FINISHED, _CANCELLED or _FAILED
};
// The worker has done this many of the cancels that were asked for.
struct NowCancelled {
  uint32_t epoch = 0;
  uint64_t cancels = 0;
};

struct Update {
  std::variant<std::monostate, NowOpen, NowLost, NowClosed, NowPlaced, NowOver, NowCancelled> change;
  Event event;
};

// One direction, one writer, one reader. Never full for the writer: what does not fit waits on its side.
template <typename T>
class Channel {
 public:
  void Write(T&& value) {
    waiting_.push_back(std::move(value));
    Flush();
  }
  // By the writer, now and then: a reader that sleeps for long must find everything in the end.
  void Flush() {
    while (!waiting_.empty() && queue_.Push(std::move(waiting_.front()))) waiting_.pop_front();
  }
  size_t Waiting() const { return waiting_.size(); }  // the writer's
  bool Read(T* value) { return queue_.Pop(value); }

 private:
  SpscQueue<T, 128> queue_;
  std::deque<T> waiting_;
};

}  // namespace flashhead
