// Bilinear sampling of RGBA8 pictures, all four channels of a pixel in one 64-bit word.
//
// flashhead_engine/render/numpy_kernels.py does the same arithmetic: change both or none.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__) || defined(_M_X64)
#define FLASHHEAD_SSE2
#include <emmintrin.h>
#endif

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
inline constexpr uint32_t kFaintest = 1u << 24;  // the smallest pixel that is not transparent

inline Lanes Spread(uint32_t pixel) {
  return (pixel & 0x00FF00FFu) | (static_cast<Lanes>(pixel & 0xFF00FF00u) << 24);
}

inline uint32_t Pack(Lanes lanes) {
  return static_cast<uint32_t>(lanes & 0x00FF00FFu) | static_cast<uint32_t>((lanes >> 24) & 0xFF00FF00u);
}

// a + (b - a) * part / 256, rounded, of every lane; the lanes hold 0..255 and part 0..256.
inline Lanes Mix(Lanes a, Lanes b, uint32_t part) {
  return (((a << 8) + (b - a) * part + kHalf) >> 8) & kLowBytes;
}

#ifdef FLASHHEAD_SSE2
// Weights of two pixels for every part of 256: loading them is faster than spreading a number over all lanes.
struct PartTables {
  alignas(16) int16_t part[256][8];   // of the second pixel, in all lanes
  alignas(16) int16_t parts[256][8];  // of the first pixel in four lanes, of the second in the others

  constexpr PartTables() : part(), parts() {
    for (int i = 0; i < 256; ++i) {
      for (int lane = 0; lane < 8; ++lane) {
        part[i][lane] = static_cast<int16_t>(i);
        parts[i][lane] = static_cast<int16_t>(lane < 4 ? 256 - i : i);
      }
    }
  }
};

inline constexpr PartTables kParts;
#endif

// Two pixels that lie side by side, as one word.
inline uint64_t PairAt(const uint32_t* pixel) {
  uint64_t pair;
  std::memcpy(&pair, pixel, sizeof(pair));
  return pair;
}

// The 2 x 2 pixels around a position and how far it lies between them, in 1/256.
struct Corners {
  const uint32_t* top;     // and the next one
  const uint32_t* bottom;  // and the next one
  uint32_t across, down;

  uint32_t MixedPremultiplied() const { return (PairAt(top) | PairAt(bottom)) == 0 ? 0 : Mixed(); }

  // For straight alpha: colours count as much as they are opaque.
  uint32_t MixedStraight() const {
    constexpr uint64_t kAlphas = 0xFF000000FF000000u;
    const uint64_t upper = PairAt(top), lower = PairAt(bottom);
    if (((upper | lower) & kAlphas) == 0) return top[0];
    const uint64_t differing = ((upper ^ lower) & kAlphas) | ((top[0] ^ top[1]) & ~(kFaintest - 1));
    return differing == 0 ? Mixed() : MixedByAlpha();
  }

 private:
  uint32_t Mixed() const {
#ifdef FLASHHEAD_SSE2
    // All eight channels of two pixels at once; the same products and sums as below.
    const __m128i zero = _mm_setzero_si128(), half = _mm_set1_epi16(128), whole = _mm_set1_epi16(256);
    const __m128i upper = _mm_unpacklo_epi8(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(top)), zero);
    const __m128i lower = _mm_unpacklo_epi8(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(bottom)), zero);
    const __m128i near_lower = _mm_load_si128(reinterpret_cast<const __m128i*>(kParts.part[down]));
    const __m128i sums = _mm_add_epi16(_mm_mullo_epi16(upper, _mm_sub_epi16(whole, near_lower)),
                                       _mm_mullo_epi16(lower, near_lower));
    const __m128i columns = _mm_srli_epi16(_mm_add_epi16(sums, half), 8);
    const __m128i parts = _mm_load_si128(reinterpret_cast<const __m128i*>(kParts.parts[across]));
    const __m128i shares = _mm_mullo_epi16(columns, parts);
    const __m128i sum = _mm_add_epi16(_mm_add_epi16(shares, _mm_srli_si128(shares, 8)), half);
    const __m128i mixed = _mm_srli_epi16(sum, 8);
    return static_cast<uint32_t>(_mm_cvtsi128_si32(_mm_packus_epi16(mixed, mixed)));
#else
    const Lanes left = Mix(Spread(top[0]), Spread(bottom[0]), down);
    const Lanes right = Mix(Spread(top[1]), Spread(bottom[1]), down);
    return Pack(Mix(left, right, across));
#endif
  }

  uint32_t MixedByAlpha() const {
    const uint32_t pixels[4] = {top[0], top[1], bottom[0], bottom[1]};
    const uint32_t parts[4] = {(256 - across) * (256 - down), across * (256 - down), (256 - across) * down,
                               across * down};
    uint64_t total = 0, sums[3] = {0, 0, 0};
    for (int i = 0; i < 4; ++i) {
      const uint64_t weight = static_cast<uint64_t>(parts[i]) * (pixels[i] >> 24);
      total += weight;
      for (int channel = 0; channel < 3; ++channel) sums[channel] += weight * ((pixels[i] >> (8 * channel)) & 255);
    }
    if (total == 0) return top[0];
    uint32_t mixed = static_cast<uint32_t>((total + 32768) >> 16) << 24;
    for (int channel = 0; channel < 3; ++channel) {
      mixed |= static_cast<uint32_t>((sums[channel] + total / 2) / total) << (8 * channel);
    }
    return mixed;
  }
};

// Reads a table between its pixels; positions outside it are moved to its edge.
class Sampler {
 public:
  // The last position still has a neighbour to be mixed with.
  explicit Sampler(const Table& table)
      : table_(table),
        last_x_(static_cast<float>(table.width - 1) - 1.0f / 256),
        last_y_(static_cast<float>(table.height - 1) - 1.0f / 256) {}

  // One row of samples at the positions x, y: `out[i] = mixed(corners)`.
  template <typename Mixed>
  void Row(const float* x, const float* y, int32_t count, uint32_t* out, Mixed mixed) const {
    constexpr int32_t kTogether = 64;
    int32_t columns[kTogether], rows[kTogether];
    for (int32_t first = 0; first < count; first += kTogether) {
      const int32_t together = std::min(kTogether, count - first);
      FixedPoints(x + first, last_x_, together, columns);
      FixedPoints(y + first, last_y_, together, rows);
      for (int32_t i = 0; i < together; ++i) {
        const uint32_t* top = table_.pixels + (rows[i] >> 8) * table_.width + (columns[i] >> 8);
        if (i % kPixelsPerCacheLine == 0) FetchNextRow(top);
        out[first + i] = mixed(Corners{top, top + table_.width, static_cast<uint32_t>(columns[i] & 255),
                                       static_cast<uint32_t>(rows[i] & 255)});
      }
    }
  }

 private:
  static void FixedPoints(const float* positions, float last, int32_t count, int32_t* out) {
    int32_t i = 0;
#ifdef FLASHHEAD_SSE2
    const __m128 steps = _mm_set1_ps(256.0f), half = _mm_set1_ps(0.5f), largest = _mm_set1_ps(last);
    for (; i + 4 <= count; i += 4) {
      const __m128 inside = _mm_min_ps(_mm_max_ps(_mm_loadu_ps(positions + i), _mm_setzero_ps()), largest);
      const __m128i fixed = _mm_cvttps_epi32(_mm_add_ps(_mm_mul_ps(inside, steps), half));
      _mm_storeu_si128(reinterpret_cast<__m128i*>(out + i), fixed);
    }
#endif
    for (; i < count; ++i) out[i] = FixedPoint(positions[i], last);
  }

  // Tables have two samples for each pixel of the output, across and down.
  static constexpr int32_t kPixelsPerCacheLine = 8, kRowsApart = 2;

  // What the next row of the output will need lies in other cache lines, which processors do not guess when the head
  // is tilted.
  void FetchNextRow(const uint32_t* top) const {
#ifdef FLASHHEAD_SSE2
    // A number, because it may lie behind the table: that is no fault for a fetch, and a check would cost more.
    const uintptr_t first = reinterpret_cast<uintptr_t>(top);
    const uintptr_t row_bytes = sizeof(uint32_t) * static_cast<uintptr_t>(table_.width);
    _mm_prefetch(reinterpret_cast<const char*>(first + kRowsApart * row_bytes), _MM_HINT_T0);
    _mm_prefetch(reinterpret_cast<const char*>(first + (kRowsApart + 1) * row_bytes), _MM_HINT_T0);
#else
    (void)top;
#endif
  }

  // A position in 1/256 pixel, inside 0..last.
  static int32_t FixedPoint(float position, float last) {
    return static_cast<int32_t>(std::min(std::max(position, 0.0f), last) * 256.0f + 0.5f);
  }

  Table table_;
  float last_x_;
  float last_y_;
};

}  // namespace flashhead
