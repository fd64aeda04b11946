#pragma once

#include <cstdint>
#include <string>

namespace flashhead {

// What a program is told; the fields are those of flashhead_event. `type` 0: nothing.
struct Event {
  int32_t type = 0;
  uint32_t utterance = 0;
  uint32_t epoch = 0;
  int64_t pts_us = 0;
  int64_t latency_us = 0;
  std::string code;
  std::string message;
};

}  // namespace flashhead
