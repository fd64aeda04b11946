#include "warp.h"

#include <algorithm>
#include <vector>

namespace flashhead {
namespace {

// Pictures are sampled in upright strips: a tilted row of the whole width would cross so many rows of the table that
// none of them is still in the cache when the next row needs it.
constexpr int32_t kStrip = 64;

float Between(float a, float b, float fraction) { return a + fraction * (b - a); }

// The nodes from `first` to `last`, at a row of pixels.
void InterpolateRow(View<const float> nodes, Axis rows, int32_t row, int32_t first, int32_t last,
                    std::vector<float>& values) {
  const float* upper = nodes.Row(rows.node[row]);
  const float* lower = nodes.Row(rows.node[row] + 1);
  for (int32_t i = first; i <= last; ++i) values[i] = Between(upper[i], lower[i], rows.fraction[row]);
}

void FillRow(const std::vector<float>& line, Axis columns, int32_t count, float* values) {
  for (int32_t j = 0; j < count; ++j) {
    const int32_t node = columns.node[j];
    values[j] = Between(line[node], line[node + 1], columns.fraction[j]);
  }
}

}  // namespace

void Expand(View<const float> nodes, Axis rows, Axis columns, View<float> out) {
  std::vector<float> line(nodes.columns);
  for (int32_t i = 0; i < out.rows; ++i) {
    InterpolateRow(nodes, rows, i, 0, nodes.columns - 1, line);
    FillRow(line, columns, out.columns, out.Row(i));
  }
}

void Warp(const Table& table, View<const float> x, View<const float> y, Axis rows, Axis columns, View<uint32_t> out) {
  std::vector<float> line(x.columns);
  float at_x[kStrip], at_y[kStrip];
  const Sampler sampler(table);
  for (int32_t start = 0; start < out.columns; start += kStrip) {
    const int32_t count = std::min(kStrip, out.columns - start);
    const Axis strip{columns.node + start, columns.fraction + start};
    const auto [first, last] = std::minmax_element(strip.node, strip.node + count);
    for (int32_t i = 0; i < out.rows; ++i) {
      InterpolateRow(x, rows, i, *first, *last + 1, line);
      FillRow(line, strip, count, at_x);
      InterpolateRow(y, rows, i, *first, *last + 1, line);
      FillRow(line, strip, count, at_y);
      sampler.Row(at_x, at_y, count, out.Row(i) + start,
                  [](const Corners& corners) { return corners.MixedStraight(); });
    }
  }
}

void Sample(const Table& table, View<const float> x, View<const float> y, float scale, float left, float top,
            View<uint32_t> out) {
  float at_x[kStrip], at_y[kStrip];
  const Sampler sampler(table);
  for (int32_t start = 0; start < out.columns; start += kStrip) {
    const int32_t count = std::min(kStrip, out.columns - start);
    for (int32_t i = 0; i < out.rows; ++i) {
      const float *row_x = x.Row(i) + start, *row_y = y.Row(i) + start;
      for (int32_t j = 0; j < count; ++j) {
        at_x[j] = row_x[j] * scale - left;
        at_y[j] = row_y[j] * scale - top;
      }
      sampler.Row(at_x, at_y, count, out.Row(i) + start,
                  [](const Corners& corners) { return corners.MixedPremultiplied(); });
    }
  }
}

}  // namespace flashhead
