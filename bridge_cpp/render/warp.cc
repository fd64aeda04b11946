#include "warp.h"

#include <vector>

namespace flashhead {
namespace {

float Between(float a, float b, float fraction) { return a + fraction * (b - a); }

void InterpolateRow(View<const float> nodes, Axis rows, int32_t row, std::vector<float>& values) {
  const float* upper = nodes.Row(rows.node[row]);
  const float* lower = nodes.Row(rows.node[row] + 1);
  for (int32_t i = 0; i < nodes.columns; ++i) values[i] = Between(upper[i], lower[i], rows.fraction[row]);
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
    InterpolateRow(nodes, rows, i, line);
    FillRow(line, columns, out.columns, out.Row(i));
  }
}

void Warp(const Table& table, View<const float> x, View<const float> y, Axis rows, Axis columns, View<uint32_t> out) {
  std::vector<float> line(x.columns), at_x(out.columns), at_y(out.columns);
  const Sampler sampler(table);
  for (int32_t i = 0; i < out.rows; ++i) {
    InterpolateRow(x, rows, i, line);
    FillRow(line, columns, out.columns, at_x.data());
    InterpolateRow(y, rows, i, line);
    FillRow(line, columns, out.columns, at_y.data());
    sampler.Row(at_x.data(), at_y.data(), out.columns, out.Row(i),
                [](const Corners& corners) { return corners.MixedStraight(); });
  }
}

void Sample(const Table& table, View<const float> x, View<const float> y, float scale, float left, float top,
            View<uint32_t> out) {
  std::vector<float> at_x(out.columns), at_y(out.columns);
  const Sampler sampler(table);
  for (int32_t i = 0; i < out.rows; ++i) {
    const float *row_x = x.Row(i), *row_y = y.Row(i);
    for (int32_t j = 0; j < out.columns; ++j) {
      at_x[j] = row_x[j] * scale - left;
      at_y[j] = row_y[j] * scale - top;
    }
    sampler.Row(at_x.data(), at_y.data(), out.columns, out.Row(i),
                [](const Corners& corners) { return corners.MixedPremultiplied(); });
  }
}

}  // namespace flashhead
