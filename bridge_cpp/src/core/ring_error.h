#pragma once

#include <stdexcept>

namespace flashhead {

// A ring that cannot be made or opened; what() tells a person why. Reading and writing never throw.
class RingError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace flashhead
