// What is the same on every system.
#include "platform/shared_memory.h"

#include <utility>

namespace flashhead {

SharedMemory SharedMemory::View(const SharedMemory& memory) {
  SharedMemory view;
  view.data_ = memory.data_;
  view.bytes_ = memory.bytes_;
  return view;
}

SharedMemory::SharedMemory(SharedMemory&& other) noexcept { *this = std::move(other); }

SharedMemory& SharedMemory::operator=(SharedMemory&& other) noexcept {
  if (this == &other) return *this;
  Release();
  name_ = std::move(other.name_);
  data_ = std::exchange(other.data_, nullptr);
  bytes_ = std::exchange(other.bytes_, 0);
  file_ = std::exchange(other.file_, -1);
  made_here_ = std::exchange(other.made_here_, false);
  mapped_ = std::exchange(other.mapped_, false);
  return *this;
}

SharedMemory::~SharedMemory() { Release(); }

}  // namespace flashhead
