#include "grid.h"

#include <algorithm>

namespace flashhead {
namespace {

// A position in cells: the node before it, and how far it lies on the way to the next ones.
class Cell {
 public:
  Cell(const GridValues& values, float u, float v)
      : channels_(values.channels), below_(values.columns * values.channels) {
    const float across = std::min(std::max(u, 0.0f), static_cast<float>(values.columns) - 1.001f);
    const float down = std::min(std::max(v, 0.0f), static_cast<float>(values.rows) - 1.001f);
    const auto column = static_cast<int32_t>(across), row = static_cast<int32_t>(down);
    part_u_ = across - static_cast<float>(column);
    part_v_ = down - static_cast<float>(row);
    node_ = values.first + row * below_ + column * channels_;
  }

  float Value(int32_t channel) const {
    const float* node = node_ + channel;
    const float upper = node[0] + part_u_ * (node[channels_] - node[0]);
    const float lower = node[below_] + part_u_ * (node[below_ + channels_] - node[below_]);
    return upper + part_v_ * (lower - upper);
  }

 private:
  int32_t channels_;
  int32_t below_;
  const float* node_;
  float part_u_;
  float part_v_;
};

Cell CellAt(const GridValues& values, Place place, float x, float y) {
  return Cell(values, (x - place.left) * place.scale, (y - place.top) * place.scale);
}

}  // namespace

void TraceBack(const GridValues& values, Place place, View<const float> x, View<const float> y, int32_t rounds,
               float* shift) {
  for (int32_t i = 0; i < x.rows; ++i) {
    const float *row_x = x.Row(i), *row_y = y.Row(i);
    for (int32_t j = 0; j < x.columns; ++j, shift += 2) {
      for (int32_t round = 0; round < rounds; ++round) {
        const Cell cell = CellAt(values, place, row_x[j] - shift[0], row_y[j] - shift[1]);
        shift[0] = cell.Value(0);
        shift[1] = cell.Value(1);
      }
    }
  }
}

void PullApart(const GridValues& values, Place place, View<const float> x, View<const float> y,
               View<const float> rest_x, View<const float> rest_y, float* out) {
  const int64_t count = static_cast<int64_t>(x.rows) * x.columns;
  for (int32_t i = 0; i < x.rows; ++i) {
    const float *row_x = x.Row(i), *row_y = y.Row(i), *from_x = rest_x.Row(i), *from_y = rest_y.Row(i);
    for (int32_t j = 0; j < x.columns; ++j, ++out) {
      const Cell cell = CellAt(values, place, row_x[j], row_y[j]);
      const float share = cell.Value(4);
      out[0] = from_x[j] + share * (row_x[j] - cell.Value(0) - from_x[j]);
      out[count] = from_y[j] + share * (row_y[j] - cell.Value(1) - from_y[j]);
      out[2 * count] = from_x[j] + share * (row_x[j] - cell.Value(2) - from_x[j]);
      out[3 * count] = from_y[j] + share * (row_y[j] - cell.Value(3) - from_y[j]);
    }
  }
}

Bounds Within(View<const float> x, View<const float> y, const Box& box, bool* inside) {
  Bounds bounds{x.rows, 0, x.columns, 0};
  for (int32_t i = 0; i < x.rows; ++i) {
    const float *row_x = x.Row(i), *row_y = y.Row(i);
    int32_t first = x.columns, last = 0;
    for (int32_t j = 0; j < x.columns; ++j) {
      const bool in =
          (row_x[j] >= box.left) & (row_x[j] < box.right) & (row_y[j] >= box.top) & (row_y[j] < box.bottom);
      if (inside) *inside++ = in;
      first = in ? std::min(first, j) : first;
      last = in ? j + 1 : last;
    }
    if (last == 0) continue;
    bounds.first_row = std::min(bounds.first_row, i);
    bounds.last_row = i + 1;
    bounds.first_column = std::min(bounds.first_column, first);
    bounds.last_column = std::max(bounds.last_column, last);
  }
  return bounds.last_row ? bounds : Bounds{0, 0, 0, 0};
}

}  // namespace flashhead
