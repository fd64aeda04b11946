// Bilinear sampling of RGBA8 pictures, all four channels of a pixel in one 64-bit word.
//
// The numpy kernels of flashhead_engine/render/kernels.py do the same arithmetic: change both or none.
#pragma once

#include <algorithm>
#include <cstdint>

namespace flashhead {

// A picture of RGBA8 pixels. Positions in it are in its own pixels, 0 at the centre of the first one.
struct Table {
  const uint32_t* pixels;
  int32_t width;
  int32_t height;
};

// Four channels, 16 bits each.
using Lanes = uint64_t;

inline constexpr Lanes kLowBytes = 0x00FF00FF00FF00FFu;
inline constexpr Lanes kHalf = 0x0080008000800080u;

inline Lanes Spread(uint32_t pixel) {
  return (pixel & 0x00FF00FFu) | (static_cast<Lanes>(pixel & 0xFF00FF00u) << 24);
}

inline uint32_t Pack(Lanes lanes) {
  return static_cast<uint32_t>(lanes & 0x00FF00FFu) | static_cast<uint32_t>((lanes >> 24) & 0xFF00FF00u);
}

// a + (b - a) * part / 256, rounded, of every lane; the lanes hold 0..255 and part 0..255.
inline Lanes Mix(Lanes a, Lanes b, uint32_t part) {
  return (((a << 8) + (b - a) * part + kHalf) >> 8) & kLowBytes;
}

// A position in 1/256 pixel, inside 0..last.
inline int32_t FixedPoint(float position, float last) {
  return static_cast<int32_t>(std::min(std::max(position, 0.0f), last) * 256.0f + 0.5f);
}

}  // namespace flashhead
