#include "compose.h"

#include <algorithm>

#include "sampling.h"

namespace flashhead {
namespace {

// An opacity in 1/256.
uint32_t PartOf(float opacity) {
  return static_cast<uint32_t>(std::min(std::max(opacity, 0.0f), 1.0f) * 256.0f + 0.5f);
}

// Every lane times factor / 255, rounded.
Lanes Scaled(Lanes lanes, uint32_t factor) {
  const Lanes product = lanes * factor + kHalf;
  return ((product + ((product >> 8) & kLowBytes)) >> 8) & kLowBytes;
}

uint32_t Composed(Lanes above, uint32_t below) {
  const auto alpha = static_cast<uint32_t>(above >> 48);
  return Pack(above + Scaled(Spread(below), 255 - alpha));
}

uint32_t Straight(uint32_t pixel) {
  const uint32_t alpha = pixel >> 24;
  if (alpha == 255) return pixel;
  uint32_t result = alpha << 24;
  for (int shift = 0; shift < 24; shift += 8) {
    const uint32_t colour = (((pixel >> shift) & 255) * 255 + alpha / 2) / alpha;
    result |= std::min(colour, 255u) << shift;
  }
  return result;
}

}  // namespace

void Over(View<const uint32_t> above, View<uint32_t> below) {
  for (int32_t i = 0; i < below.rows; ++i) {
    const uint32_t* upper = above.Row(i);
    uint32_t* lower = below.Row(i);
    for (int32_t j = 0; j < below.columns; ++j) {
      if (upper[j] >= kFaintest) lower[j] = Composed(Spread(upper[j]), lower[j]);
    }
  }
}

void OverFaded(View<const uint32_t> above, View<const float> opacity, View<uint32_t> below) {
  for (int32_t i = 0; i < below.rows; ++i) {
    const uint32_t* upper = above.Row(i);
    const float* share = opacity.Row(i);
    uint32_t* lower = below.Row(i);
    for (int32_t j = 0; j < below.columns; ++j) {
      if (upper[j] >= kFaintest) lower[j] = Composed(Mix(0, Spread(upper[j]), PartOf(share[j])), lower[j]);
    }
  }
}

void Put(View<const uint32_t> drawn, View<const float> opacity, bool keep_alpha, View<uint32_t> frame) {
  for (int32_t i = 0; i < frame.rows; ++i) {
    const uint32_t* source = drawn.Row(i);
    const float* share = opacity.Row(i);
    uint32_t* target = frame.Row(i);
    for (int32_t j = 0; j < frame.columns; ++j) {
      const uint32_t part = PartOf(share[j]), before = target[j];
      if (part == 0) continue;
      uint32_t pixel = source[j] < kFaintest ? before & (kFaintest - 1) : Straight(source[j]);
      if (keep_alpha) pixel = (pixel & (kFaintest - 1)) | (before & ~(kFaintest - 1));
      target[j] = Pack(Mix(Spread(before), Spread(pixel), part));
    }
  }
}

}  // namespace flashhead
