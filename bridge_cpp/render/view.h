#pragma once

#include <cstddef>
#include <cstdint>

namespace flashhead {

// A rectangle of a larger array, row by row; rows lie `stride` elements apart.
template <typename T>
struct View {
  T* first;
  ptrdiff_t stride;
  int32_t rows;
  int32_t columns;

  T* Row(int32_t row) const { return first + row * stride; }
};

}  // namespace flashhead
