#pragma once

#include <stdexcept>
#include <string>

#include "flashhead_bridge.h"

namespace flashhead {

// What a call of a program cannot do; src/abi turns it into its result and message.
class Failure : public std::runtime_error {
 public:
  Failure(flashhead_result result, const std::string& what) : std::runtime_error(what), result(result) {}

  const flashhead_result result;
};

}  // namespace flashhead
