#include "bleed.h"

#include <algorithm>
#include <array>
#include <vector>

namespace flashhead {
namespace {

using Pixel = std::array<float, 4>;

struct Level {
  int32_t rows;
  int32_t columns;
  std::vector<Pixel> pixels;

  Level(int32_t rows_, int32_t columns_)
      : rows(rows_), columns(columns_), pixels(static_cast<size_t>(rows_) * static_cast<size_t>(columns_)) {}

  Pixel& At(int32_t row, int32_t column) {
    return pixels[static_cast<size_t>(row) * static_cast<size_t>(columns) + static_cast<size_t>(column)];
  }
  // Beyond the edge everything is empty.
  Pixel Seen(int32_t row, int32_t column) { return row < rows && column < columns ? At(row, column) : Pixel{}; }
};

bool IsHidden(uint32_t pixel, uint32_t faint) { return pixel >> 24 <= faint; }

Pixel Premultiplied(uint32_t pixel, uint32_t faint) {
  if (IsHidden(pixel, faint)) return {};
  const uint32_t alpha = pixel >> 24;
  Pixel result;
  for (int lane = 0; lane < 3; ++lane) {
    result[lane] = static_cast<float>(((pixel >> (8 * lane) & 255) * alpha + 127) / 255);
  }
  result[3] = static_cast<float>(alpha);
  return result;
}

// The sum of four pixels, normalised so that a level far from anything visible keeps a usable weight.
Pixel Merged(const Pixel& a, const Pixel& b, const Pixel& c, const Pixel& d) {
  Pixel sum;
  for (int lane = 0; lane < 4; ++lane) sum[lane] = a[lane] + b[lane] + c[lane] + d[lane];
  const float share = std::min(1.0f, 255.0f / std::max(sum[3], 1.0f));
  for (float& value : sum) value *= share;
  return sum;
}

Level Halved(Level& fine) {
  Level coarse((fine.rows + 1) / 2, (fine.columns + 1) / 2);
  for (int32_t row = 0; row < coarse.rows; ++row) {
    for (int32_t column = 0; column < coarse.columns; ++column) {
      const int32_t y = 2 * row, x = 2 * column;
      coarse.At(row, column) = Merged(fine.Seen(y, x), fine.Seen(y + 1, x), fine.Seen(y, x + 1), fine.Seen(y + 1, x + 1));
    }
  }
  return coarse;
}

uint32_t Coloured(const Pixel& around, uint32_t pixel) {
  const float share = 255.0f / std::max(around[3], 1e-3f);
  uint32_t result = pixel & 0xFF000000;
  for (int lane = 0; lane < 3; ++lane) {
    const float value = std::min(std::max(around[lane] * share + 0.5f, 0.0f), 255.0f);
    result |= static_cast<uint32_t>(value) << (8 * lane);
  }
  return result;
}

}  // namespace

void Bleed(View<const uint32_t> picture, uint32_t faint, View<uint32_t> out) {
  Level finest(picture.rows, picture.columns);
  for (int32_t row = 0; row < picture.rows; ++row) {
    for (int32_t column = 0; column < picture.columns; ++column) {
      finest.At(row, column) = Premultiplied(picture.Row(row)[column], faint);
    }
  }
  // Push colour up to one pixel, then pull it down to where there is none.
  std::vector<Level> levels;
  levels.push_back(Halved(finest));
  while (std::max(levels.back().rows, levels.back().columns) > 1) levels.push_back(Halved(levels.back()));
  for (size_t level = levels.size() - 1; level-- > 0;) {
    Level &fine = levels[level], &coarse = levels[level + 1];
    for (int32_t row = 0; row < fine.rows; ++row) {
      for (int32_t column = 0; column < fine.columns; ++column) {
        Pixel& pixel = fine.At(row, column);
        if (pixel[3] == 0.0f) pixel = coarse.At(row / 2, column / 2);
      }
    }
  }
  for (int32_t row = 0; row < out.rows; ++row) {
    for (int32_t column = 0; column < out.columns; ++column) {
      const uint32_t pixel = picture.Row(row)[column];
      out.Row(row)[column] =
          IsHidden(pixel, faint) ? Coloured(levels[0].At(row / 2, column / 2), pixel) : pixel;
    }
  }
}

}  // namespace flashhead
