#pragma once

#include <cstdint>

#include "sampling.h"
#include "view.h"

namespace flashhead {

// Where the pixels of one axis of the output lie between the nodes of a coarse grid.
struct Axis {
  const int32_t* node;    // the node before each pixel
  const float* fraction;  // how far the pixel is on its way to the next node
};

// Values of coarse nodes, interpolated at every pixel of `out`.
void Expand(View<const float> nodes, Axis rows, Axis columns, View<float> out);

// Fills `out` with samples of a table with straight alpha; x and y of the coarse nodes are positions in the table.
void Warp(const Table& table, View<const float> x, View<const float> y, Axis rows, Axis columns, View<uint32_t> out);

// Fills `out` with samples of a premultiplied table at x * scale - left, y * scale - top.
void Sample(const Table& table, View<const float> x, View<const float> y, float scale, float left, float top,
            View<uint32_t> out);

}  // namespace flashhead
