#pragma once

#include <cstdint>
#include <vector>

namespace flashhead {

// What is fixed about the features; flashhead_engine/drivers/nano/log_mel.py holds the numbers and says what they mean.
struct LogMelSettings {
  std::vector<float> window;
  std::vector<float> filters;  // a row for each of the kFft / 2 + 1 bins
  int32_t bands;
  int32_t loudness_first, loudness_end;  // bins
  float sine_power, smallest_power;
  double lowest_reference, reference_fall;
  float depth;
};

// Log-mel features of frames with two windows each.
class LogMel {
 public:
  static constexpr int32_t kFft = 512, kBins = kFft / 2 + 1;

  explicit LogMel(LogMelSettings settings);

  int32_t window() const { return static_cast<int32_t>(settings_.window.size()); }
  int32_t bands() const { return settings_.bands; }

  // Writes one frame, 2 * bands() features and its level in dB, from the windows that begin at `first` and `second`;
  // returns the loudness reference for the next frame.
  double Frame(const float* first, const float* second, double reference, float* features, float* loudness_db) const;

 private:
  struct Spectrum {
    float re[kFft], im[kFft];
  };

  // The middle part of a window's place in a Spectrum: offset taken out, shaped, padded with zeros.
  void Shape(const float* samples, float* out) const;
  void Transform(Spectrum& spectrum) const;

  LogMelSettings settings_;
  std::vector<int32_t> filter_first_, filter_end_;  // bins of each band that are not zero
  std::vector<float> filter_weights_;               // of all bands, one after the other
  float turn_re_[kFft], turn_im_[kFft];             // exp(-2 pi i k / kFft)
};

}  // namespace flashhead
