#include "network.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <stdexcept>
#include <utility>

#if defined(__GNUC__) && defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>

#define FLASHHEAD_AVX2 __attribute__((target("avx2")))
#endif

namespace flashhead {

Network::Network(NetworkWeights weights) : weights_(std::move(weights)) {
  for (const ResidualBlock& block : weights_.blocks) memory_ += (kTaps - 1) * block.dilation;
}

#ifdef FLASHHEAD_AVX2
namespace {

constexpr int32_t kTile = Network::kTile, kBlock = Network::kBlock, kQuad = Network::kQuad, kTaps = Network::kTaps;
constexpr int32_t kLanes = 8;
constexpr int32_t kRegisters = kTile / kLanes;

// Rows of a layer's inputs, none negative, rounded to 0..127 times a scale for each block.
struct RoundedRows {
  RoundedRows(size_t rows, size_t columns)
      : columns(columns), values(rows * columns), scales(rows * columns / kBlock) {}

  const uint8_t* Values(size_t row) const { return &values[row * columns]; }
  const float* Scales(size_t row) const { return &scales[row * columns / kBlock]; }

  size_t columns;
  std::vector<uint8_t> values;
  std::vector<float> scales;
};

FLASHHEAD_AVX2 void Round(const float* row, size_t number, RoundedRows& out) {
  uint8_t* values = &out.values[number * out.columns];
  float* scales = &out.scales[number * out.columns / kBlock];
  for (size_t block = 0; block < out.columns / kBlock; ++block, row += kBlock, values += kBlock) {
    __m256 part[kRegisters], largest = _mm256_setzero_ps();
    for (int32_t i = 0; i < kRegisters; ++i) {
      part[i] = _mm256_max_ps(_mm256_loadu_ps(row + kLanes * i), _mm256_setzero_ps());
      largest = _mm256_max_ps(largest, part[i]);
    }
    __m128 four = _mm_max_ps(_mm256_castps256_ps128(largest), _mm256_extractf128_ps(largest, 1));
    four = _mm_max_ps(four, _mm_movehl_ps(four, four));
    const float top = _mm_cvtss_f32(_mm_max_ss(four, _mm_shuffle_ps(four, four, 1)));
    scales[block] = top / 127.0f;
    const __m256 steps = _mm256_set1_ps(top == 0.0f ? 0.0f : 127.0f / top);
    __m256i whole[kRegisters];
    for (int32_t i = 0; i < kRegisters; ++i) whole[i] = _mm256_cvtps_epi32(_mm256_mul_ps(part[i], steps));
    const __m256i bytes =
        _mm256_packus_epi16(_mm256_packs_epi32(whole[0], whole[1]), _mm256_packs_epi32(whole[2], whole[3]));
    // Packing worked within each half of a register.
    const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(values), _mm256_permutevar8x32_epi32(bytes, order));
  }
}

struct Tile {
  __m256 lanes[kRegisters];
};

// Adds the products of one tile of weights with `blocks` blocks of a row. Products and their sums within a block are
// whole numbers without loss: two of 127 * 128 fit 16 bits.
FLASHHEAD_AVX2 inline void Multiply(const int8_t* weights, const float* weight_scales, const uint8_t* values,
                                    const float* scales, int32_t blocks, Tile& sum) {
  const __m256i ones = _mm256_set1_epi16(1);
  for (int32_t block = 0; block < blocks; ++block) {
    __m256i whole[kRegisters] = {};
    for (int32_t k = 0; k < kBlock; k += kQuad, weights += kQuad * kTile) {
      int32_t four;
      std::memcpy(&four, values + block * kBlock + k, sizeof(four));
      const __m256i quad = _mm256_set1_epi32(four);
      for (int32_t i = 0; i < kRegisters; ++i) {
        const auto* part = reinterpret_cast<const __m256i*>(weights + i * kLanes * kQuad);
        const __m256i pairs = _mm256_maddubs_epi16(quad, _mm256_loadu_si256(part));
        whole[i] = _mm256_add_epi32(whole[i], _mm256_madd_epi16(pairs, ones));
      }
    }
    const __m256 scale = _mm256_set1_ps(scales[block]);
    for (int32_t i = 0; i < kRegisters; ++i, weight_scales += kLanes) {
      const __m256 step = _mm256_mul_ps(scale, _mm256_loadu_ps(weight_scales));
      sum.lanes[i] = _mm256_add_ps(sum.lanes[i], _mm256_mul_ps(_mm256_cvtepi32_ps(whole[i]), step));
    }
  }
}

FLASHHEAD_AVX2 inline Tile Load(const float* values) {
  Tile tile;
  for (int32_t i = 0; i < kRegisters; ++i) tile.lanes[i] = _mm256_loadu_ps(values + kLanes * i);
  return tile;
}

FLASHHEAD_AVX2 inline void Store(const Tile& tile, float* out) {
  for (int32_t i = 0; i < kRegisters; ++i) _mm256_storeu_ps(out + kLanes * i, tile.lanes[i]);
}

// out [rows][tiles * kTile].
FLASHHEAD_AVX2 void Apply(const Dense& layer, const float* rows, size_t count, float* out) {
  const auto outputs = layer.bias.size();
  for (size_t first = 0; first < outputs; first += kTile) {
    const float* weights = &layer.weights[first * layer.inputs];
    for (size_t row = 0; row < count; ++row) {
      Tile sum = Load(&layer.bias[first]);
      for (int32_t k = 0; k < layer.inputs; ++k) {
        const __m256 input = _mm256_set1_ps(rows[row * layer.inputs + k]);
        for (int32_t i = 0; i < kRegisters; ++i) {
          const __m256 weight = _mm256_loadu_ps(weights + k * kTile + kLanes * i);
          sum.lanes[i] = _mm256_add_ps(sum.lanes[i], _mm256_mul_ps(weight, input));
        }
      }
      Store(sum, out + row * outputs + first);
    }
  }
}

void Rectify(const float* values, size_t count, float* out) {
  for (size_t i = 0; i < count; ++i) out[i] = std::max(values[i], 0.0f);
}

// One residual block. x [streams * frames][channels] is changed in place; `past` and `next_past` are the block's rows
// in the states of the first stream, `state_size` numbers before those of the next.
FLASHHEAD_AVX2 void Apply(const ResidualBlock& block, const float* past, size_t state_size, size_t streams,
                          size_t frames, std::vector<float>& x, float* next_past) {
  const size_t channels = block.mix.outputs, dilation = block.dilation, memory = (kTaps - 1) * dilation;
  const size_t rows = streams * frames, history = memory + frames;
  std::vector<float> newest(rows * channels);
  Rectify(x.data(), x.size(), newest.data());

  RoundedRows heard(streams * history, channels);
  for (size_t stream = 0; stream < streams; ++stream) {
    const float* old_rows = past + stream * state_size;
    const float* new_rows = &newest[stream * frames * channels];
    float* next = next_past + stream * state_size;
    for (size_t row = 0; row < history; ++row) {
      const float* values = row < memory ? old_rows + row * channels : new_rows + (row - memory) * channels;
      const bool oldest = row < frames, middle = row >= dilation && row < dilation + frames;
      if (oldest || middle || row >= memory) Round(values, stream * history + row, heard);
      if (row >= frames) std::copy_n(values, channels, next + (row - frames) * channels);
    }
  }

  // Tile by tile, so that weights come from memory once for all rows.
  const auto blocks = static_cast<int32_t>(channels / kBlock);
  std::vector<float> seen(rows * channels);
  for (size_t first = 0; first < channels; first += kTile) {
    const float* scales = &block.look_back.scales[first / kTile * kTaps * blocks * kTile];
    for (size_t row = 0; row < rows; ++row) {
      Tile sum = Load(&block.look_back.bias[first]);
      for (int32_t tap = 0; tap < kTaps; ++tap) {
        const size_t heard_row = row / frames * history + row % frames + tap * dilation;
        Multiply(&block.look_back.weights[first * kTaps * channels + tap * channels * kTile],
                 scales + tap * blocks * kTile, heard.Values(heard_row), heard.Scales(heard_row), blocks, sum);
      }
      Store(sum, &seen[row * channels + first]);
    }
  }

  RoundedRows mixed(rows, channels);
  for (size_t row = 0; row < rows; ++row) Round(&seen[row * channels], row, mixed);
  for (size_t first = 0; first < channels; first += kTile) {
    const float* scales = &block.mix.scales[first / kTile * blocks * kTile];
    for (size_t row = 0; row < rows; ++row) {
      Tile sum = Load(&block.mix.bias[first]);
      Multiply(&block.mix.weights[first * channels], scales, mixed.Values(row), mixed.Scales(row), blocks, sum);
      const Tile before = Load(&x[row * channels + first]);
      for (int32_t i = 0; i < kRegisters; ++i) sum.lanes[i] = _mm256_add_ps(before.lanes[i], sum.lanes[i]);
      Store(sum, &x[row * channels + first]);
    }
  }
}

void Sigmoid(const float* logits, int32_t count, float* out) {
  for (int32_t i = 0; i < count; ++i) out[i] = 1.0f / (1.0f + std::exp(-logits[i]));
}

// Fills `out` with exp(logit - largest); returns the largest logit and the sum.
std::pair<float, float> Exponentials(const float* logits, int32_t count, float* out) {
  const float largest = *std::max_element(logits, logits + count);
  float sum = 0.0f;
  for (int32_t i = 0; i < count; ++i) sum += out[i] = std::exp(logits[i] - largest);
  return {largest, sum};
}

void Softmax(const float* logits, int32_t count, float* out) {
  const float sum = Exponentials(logits, count, out).second;
  for (int32_t i = 0; i < count; ++i) out[i] /= sum;
}

void LogSoftmax(const float* logits, int32_t count, float* out) {
  const auto [largest, sum] = Exponentials(logits, count, out);
  const float log_sum = std::log(sum);
  for (int32_t i = 0; i < count; ++i) out[i] = logits[i] - largest - log_sum;
}

}  // namespace

// By hand, as __builtin_cpu_supports says no to everything where zig's libraries are used.
__attribute__((target("xsave"))) bool Network::RunsHere() {
  constexpr unsigned kWideRegistersSaved = 6;  // by the operating system: SSE's and AVX's
  unsigned eax, ebx, ecx, edx;
  if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx) || (ecx & bit_OSXSAVE) == 0) return false;
  if ((_xgetbv(0) & kWideRegistersSaved) != kWideRegistersSaved) return false;
  return __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) && (ebx & bit_AVX2) != 0;
}

void Network::Run(const float* features, const float* state, size_t streams, size_t frames,
                  const NetworkOutputs& outputs) const {
  const size_t rows = streams * frames;
  const auto width = static_cast<size_t>(channels());
  std::vector<float> x(rows * width);
  Apply(weights_.enter, features, rows, x.data());
  size_t start = 0;
  for (const ResidualBlock& block : weights_.blocks) {
    Apply(block, state + start, memory_ * width, streams, frames, x, outputs.state + start);
    start += (kTaps - 1) * block.dilation * width;
  }
  Rectify(x.data(), x.size(), x.data());
  const size_t padded = weights_.heads.bias.size();
  std::vector<float> logits(rows * padded);
  Apply(weights_.heads, x.data(), rows, logits.data());
  const int32_t curves = weights_.curves, visemes = weights_.visemes, phones = weights_.phones;
  for (size_t row = 0; row < rows; ++row) {
    const float* of_row = &logits[row * padded];
    Sigmoid(of_row, curves, outputs.curves + row * curves);
    Softmax(of_row + curves, visemes, outputs.visemes + row * visemes);
    LogSoftmax(of_row + curves + visemes, phones, outputs.phones + row * phones);
  }
}

#else

bool Network::RunsHere() { return false; }

void Network::Run(const float*, const float*, size_t, size_t, const NetworkOutputs&) const {
  throw std::logic_error("built without the native network step");
}

#endif

}  // namespace flashhead
