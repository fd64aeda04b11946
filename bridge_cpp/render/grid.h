#pragma once

#include <cstdint>

namespace flashhead {

// Values of a grid's nodes, row by row, `channels` floats each.
struct GridValues {
  const float* first;
  int32_t rows;
  int32_t columns;
  int32_t channels;
};

// Bilinear interpolation at `count` positions in cells (u to the right, v down): `channels` floats each. Positions
// outside the grid take the value of its nearest edge.
void Interpolate(const GridValues& values, const float* u, const float* v, int64_t count, float* out);

}  // namespace flashhead
