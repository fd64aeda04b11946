#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace flashhead {

// y = W x + b with float weights, in tiles of kTile outputs.
struct Dense {
  int32_t inputs = 0, outputs = 0;
  std::vector<float> weights;  // [tile][input][output of the tile]; outputs beyond the last are zero
  std::vector<float> bias;
};

// The same with weights of 8 bits, a scale for each kBlock inputs; the inputs are rounded to 7 bits by the same blocks.
struct Dense8 {
  int32_t inputs = 0, outputs = 0;
  std::vector<int8_t> weights;  // [tile][block][quad of inputs][output of the tile][input of the quad]
  std::vector<float> scales;    // [tile][block][output of the tile]
  std::vector<float> bias;
};

struct ResidualBlock {
  int32_t dilation = 0;
  Dense8 look_back, mix;
};

struct NetworkWeights {
  Dense enter;
  std::vector<ResidualBlock> blocks;
  Dense heads;
  int32_t curves = 0, visemes = 0, phones = 0;  // how the outputs of `heads` are divided
};

struct NetworkOutputs {
  float *curves, *visemes, *phones, *state;
};

// The nano network for few frames of few streams; flashhead_engine/training/nano/model.py is what it computes.
class Network {
 public:
  static constexpr int32_t kTile = 32, kBlock = 32, kQuad = 4, kTaps = 3;

  // Whether this processor has the instructions (AVX2) and this compiler could use them.
  static bool RunsHere();

  explicit Network(NetworkWeights weights);

  int32_t features() const { return weights_.enter.inputs; }
  int32_t channels() const { return weights_.enter.outputs; }
  // Rows of channels() that a stream's state has.
  int32_t memory() const { return memory_; }
  const NetworkWeights& weights() const { return weights_; }

  // features [streams][frames][features()], state [streams][memory()][channels()], which is never negative.
  void Run(const float* features, const float* state, size_t streams, size_t frames,
           const NetworkOutputs& outputs) const;

 private:
  NetworkWeights weights_;
  int32_t memory_ = 0;
};

}  // namespace flashhead
