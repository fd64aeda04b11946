#pragma once

#include <cstdint>

#include "view.h"

namespace flashhead {

// Values of a grid's nodes, row by row, `channels` floats each.
struct GridValues {
  const float* first;
  int32_t rows;
  int32_t columns;
  int32_t channels;
};

// Where a grid lies: node (0, 0), and cells in a unit of length.
struct Place {
  float left;
  float top;
  float scale;
};

struct Box {
  float left;
  float top;
  float right;
  float bottom;
};

// Rows and columns [first, last), empty where both ends are equal.
struct Bounds {
  int32_t first_row, last_row;
  int32_t first_column, last_column;
};

// Between nodes values are bilinear; outside the grid its nearest edge counts.

// Follow shifts back: so many times, `shift` (two floats for each point) becomes the grid's value at the point less
// the shift.
void TraceBack(const GridValues& values, Place place, View<const float> x, View<const float> y, int32_t rounds,
               float* shift);

// Move points towards where they come from on both sides of a cut. Values of the grid: shift of one side, shift of the
// other, share. `out`: x and y of the one side, x and y of the other, each of the points' shape.
void PullApart(const GridValues& values, Place place, View<const float> x, View<const float> y,
               View<const float> rest_x, View<const float> rest_y, float* out);

// The smallest rows and columns with all points that lie in a box, its right and lower edge left out. `inside`: whether
// each does; may be null.
Bounds Within(View<const float> x, View<const float> y, const Box& box, bool* inside);

}  // namespace flashhead
