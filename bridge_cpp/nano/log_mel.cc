#include "log_mel.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace flashhead {

LogMel::LogMel(LogMelSettings settings) : settings_(std::move(settings)) {
  for (int32_t band = 0; band < settings_.bands; ++band) {
    int32_t first = kBins, end = 0;
    for (int32_t bin = 0; bin < kBins; ++bin) {
      if (settings_.filters[bin * settings_.bands + band] == 0.0f) continue;
      first = std::min(first, bin);
      end = bin + 1;
    }
    filter_first_.push_back(std::min(first, end));
    filter_end_.push_back(end);
    for (int32_t bin = first; bin < end; ++bin) {
      filter_weights_.push_back(settings_.filters[bin * settings_.bands + band]);
    }
  }
  const double turn = -2.0 * std::acos(-1.0) / kFft;
  for (int32_t k = 0; k < kFft; ++k) {
    turn_re_[k] = static_cast<float>(std::cos(turn * k));
    turn_im_[k] = static_cast<float>(std::sin(turn * k));
  }
}

void LogMel::Shape(const float* samples, float* out) const {
  constexpr int32_t kLanes = 16;  // independent sums, which a compiler may keep in one register
  const int32_t length = window();
  float lanes[kLanes] = {};
  int32_t i = 0;
  for (; i + kLanes <= length; i += kLanes) {
    for (int32_t lane = 0; lane < kLanes; ++lane) lanes[lane] += samples[i + lane];
  }
  float sum = 0.0f;
  for (const float lane : lanes) sum += lane;
  for (; i < length; ++i) sum += samples[i];
  const float offset = sum / static_cast<float>(length);
  const float* shape = settings_.window.data();
  for (i = 0; i < length; ++i) out[i] = (samples[i] - offset) * shape[i];
  std::fill(out + length, out + kFft, 0.0f);
}

// Stockham's fast Fourier transform: four stages of radix 4 and one of radix 2, which leave the bins in order.
void LogMel::Transform(Spectrum& spectrum) const {
  Spectrum other;
  Spectrum *from = &spectrum, *to = &other;
  int32_t stride = 1;
  for (; stride < kFft / 2; stride *= 4) {
    const int32_t quarter = kFft / (4 * stride);
    for (int32_t p = 0; p < quarter; ++p) {
      const float w1_re = turn_re_[p * stride], w1_im = turn_im_[p * stride];
      const float w2_re = turn_re_[2 * p * stride], w2_im = turn_im_[2 * p * stride];
      const float w3_re = turn_re_[3 * p * stride], w3_im = turn_im_[3 * p * stride];
      const float *__restrict re = from->re + stride * p, *__restrict im = from->im + stride * p;
      float *__restrict out_re = to->re + 4 * stride * p, *__restrict out_im = to->im + 4 * stride * p;
      const int32_t b = stride * quarter, c = 2 * b, d = 3 * b;
      for (int32_t q = 0; q < stride; ++q) {
        const float ac_re = re[q] + re[q + c], ac_im = im[q] + im[q + c];
        const float a_c_re = re[q] - re[q + c], a_c_im = im[q] - im[q + c];
        const float bd_re = re[q + b] + re[q + d], bd_im = im[q + b] + im[q + d];
        const float b_d_re = re[q + b] - re[q + d], b_d_im = im[q + b] - im[q + d];
        const float y1_re = a_c_re + b_d_im, y1_im = a_c_im - b_d_re;
        const float y2_re = ac_re - bd_re, y2_im = ac_im - bd_im;
        const float y3_re = a_c_re - b_d_im, y3_im = a_c_im + b_d_re;
        out_re[q] = ac_re + bd_re;
        out_im[q] = ac_im + bd_im;
        out_re[q + stride] = y1_re * w1_re - y1_im * w1_im;
        out_im[q + stride] = y1_re * w1_im + y1_im * w1_re;
        out_re[q + 2 * stride] = y2_re * w2_re - y2_im * w2_im;
        out_im[q + 2 * stride] = y2_re * w2_im + y2_im * w2_re;
        out_re[q + 3 * stride] = y3_re * w3_re - y3_im * w3_im;
        out_im[q + 3 * stride] = y3_re * w3_im + y3_im * w3_re;
      }
    }
    std::swap(from, to);
  }
  // Four stages: the numbers are back in `spectrum`.
  for (int32_t q = 0; q < kFft / 2; ++q) {
    const float re = spectrum.re[q], im = spectrum.im[q];
    spectrum.re[q] = re + spectrum.re[q + kFft / 2];
    spectrum.im[q] = im + spectrum.im[q + kFft / 2];
    spectrum.re[q + kFft / 2] = re - spectrum.re[q + kFft / 2];
    spectrum.im[q + kFft / 2] = im - spectrum.im[q + kFft / 2];
  }
}

double LogMel::Frame(const float* first, const float* second, double reference, float* features,
                     float* loudness_db) const {
  // One complex transform for two real windows; their spectra are its even and its odd part.
  Spectrum both;
  Shape(first, both.re);
  Shape(second, both.im);
  Transform(both);
  float power[2][kBins];
  for (int32_t k = 0; k < kBins; ++k) {
    const int32_t mirrored = (kFft - k) % kFft;
    const float even_re = 0.5f * (both.re[k] + both.re[mirrored]), even_im = 0.5f * (both.im[k] - both.im[mirrored]);
    const float odd_re = 0.5f * (both.im[k] + both.im[mirrored]), odd_im = 0.5f * (both.re[mirrored] - both.re[k]);
    power[0][k] = even_re * even_re + even_im * even_im;
    power[1][k] = odd_re * odd_re + odd_im * odd_im;
  }

  float loudness = 0.0f;
  for (int32_t k = settings_.loudness_first; k < settings_.loudness_end; ++k) loudness += power[0][k] + power[1][k];
  *loudness_db = 10.0f * std::log10(loudness * settings_.sine_power + settings_.smallest_power);

  const float* weight = filter_weights_.data();
  for (int32_t band = 0; band < settings_.bands; ++band) {
    float sums[2] = {};
    for (int32_t k = filter_first_[band]; k < filter_end_[band]; ++k, ++weight) {
      sums[0] += power[0][k] * *weight;
      sums[1] += power[1][k] * *weight;
    }
    features[band] = std::log(sums[0] + settings_.smallest_power);
    features[settings_.bands + band] = std::log(sums[1] + settings_.smallest_power);
  }

  const int32_t count = 2 * settings_.bands;
  const double level = *std::max_element(features, features + count);
  reference = std::max({level, reference - settings_.reference_fall, settings_.lowest_reference});
  const auto zero = static_cast<float>(reference);
  const float scale = 2.0f / settings_.depth;
  for (int32_t i = 0; i < count; ++i) features[i] = std::max((features[i] - zero) * scale + 1.0f, -1.0f);
  return reference;
}

}  // namespace flashhead
