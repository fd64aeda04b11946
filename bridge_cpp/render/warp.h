#pragma once

#include <cstdint>

#include "sampling.h"

namespace flashhead {

// Where the pixels of one axis of the output lie between the nodes of a coarse grid.
struct Axis {
  const int32_t* node;    // the node before each pixel
  const float* fraction;  // how far the pixel is on its way to the next node
  int32_t count;
};

// Nodes of a coarse grid over the output: the position in a table that each node shows.
struct Nodes {
  const float* x;
  const float* y;
  int32_t columns;
};

// Fills `out` (rows.count x columns.count pixels, `stride` apart) with bilinear samples of `table`.
void Warp(const Table& table, const Nodes& nodes, const Axis& rows, const Axis& columns, uint32_t* out,
          int32_t stride);

}  // namespace flashhead
