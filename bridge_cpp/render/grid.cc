#include "grid.h"

#include <algorithm>

namespace flashhead {

void Interpolate(const GridValues& values, const float* u, const float* v, int64_t count, float* out) {
  const float last_u = static_cast<float>(values.columns) - 1.001f;
  const float last_v = static_cast<float>(values.rows) - 1.001f;
  const int32_t below = values.columns * values.channels;
  for (int64_t i = 0; i < count; ++i, out += values.channels) {
    const float across = std::min(std::max(u[i], 0.0f), last_u), down = std::min(std::max(v[i], 0.0f), last_v);
    const auto column = static_cast<int32_t>(across), row = static_cast<int32_t>(down);
    const float part_u = across - static_cast<float>(column), part_v = down - static_cast<float>(row);
    const float* node = values.first + row * below + column * values.channels;
    for (int32_t channel = 0; channel < values.channels; ++channel, ++node) {
      const float upper = node[0] + part_u * (node[values.channels] - node[0]);
      const float lower = node[below] + part_u * (node[below + values.channels] - node[below]);
      out[channel] = upper + part_v * (lower - upper);
    }
  }
}

}  // namespace flashhead
