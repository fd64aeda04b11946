#include "warp.h"

#include <vector>

namespace flashhead {
namespace {

float Between(float a, float b, float fraction) { return a + fraction * (b - a); }

void InterpolateRow(const float* nodes, int32_t columns, float fraction, std::vector<float>& row) {
  for (int32_t i = 0; i < columns; ++i) row[i] = Between(nodes[i], nodes[i + columns], fraction);
}

}  // namespace

void Warp(const Table& table, const Nodes& nodes, const Axis& rows, const Axis& columns, uint32_t* out,
          int32_t stride) {
  std::vector<float> row_x(nodes.columns), row_y(nodes.columns);
  // The last sample still has a neighbour to be mixed with.
  const float last_x = static_cast<float>(table.width - 1) - 1.0f / 256;
  const float last_y = static_cast<float>(table.height - 1) - 1.0f / 256;
  for (int32_t i = 0; i < rows.count; ++i, out += stride) {
    const int32_t first = rows.node[i] * nodes.columns;
    InterpolateRow(nodes.x + first, nodes.columns, rows.fraction[i], row_x);
    InterpolateRow(nodes.y + first, nodes.columns, rows.fraction[i], row_y);
    for (int32_t j = 0; j < columns.count; ++j) {
      const int32_t node = columns.node[j];
      const float fraction = columns.fraction[j];
      const int32_t x = FixedPoint(Between(row_x[node], row_x[node + 1], fraction), last_x);
      const int32_t y = FixedPoint(Between(row_y[node], row_y[node + 1], fraction), last_y);
      const uint32_t* pixel = table.pixels + (y >> 8) * table.width + (x >> 8);
      const Lanes left = Mix(Spread(pixel[0]), Spread(pixel[table.width]), y & 255);
      const Lanes right = Mix(Spread(pixel[1]), Spread(pixel[table.width + 1]), y & 255);
      out[j] = Pack(Mix(left, right, x & 255));
    }
  }
}

}  // namespace flashhead
