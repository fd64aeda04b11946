// Python bindings of the nano kernels: they check shapes, release the GIL and call.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string>

#include "log_mel.h"
#include "network.h"

namespace flashhead {
namespace {

namespace py = pybind11;

template <typename T>
using Array = py::array_t<T, py::array::c_style>;

void Require(bool condition, const std::string& what) {
  if (!condition) throw std::invalid_argument(what);
}

LogMel MakeLogMel(const Array<float>& window, const Array<float>& filters, std::array<int32_t, 2> loudness_bins,
                  float sine_power, float smallest_power, double lowest_reference, double reference_fall, float depth) {
  Require(window.ndim() == 1 && window.size() > 0 && window.size() <= LogMel::kFft,
          "window: must have 1 to 512 samples");
  Require(filters.ndim() == 2 && filters.shape(0) == LogMel::kBins && filters.shape(1) > 0,
          "filters: must have a row for each of 257 bins");
  const auto [first, end] = loudness_bins;
  Require(first >= 0 && first <= end && end <= LogMel::kBins, "loudness_bins: must lie within the 257 bins");
  return LogMel({{window.data(), window.data() + window.size()},
                 {filters.data(), filters.data() + filters.size()},
                 static_cast<int32_t>(filters.shape(1)),
                 first,
                 end,
                 sine_power,
                 smallest_power,
                 lowest_reference,
                 reference_fall,
                 depth});
}

py::tuple Extract(const LogMel& log_mel, const Array<float>& samples, const Array<int64_t>& starts, int64_t offset,
                  double reference) {
  Require(samples.ndim() == 1 && starts.ndim() == 1 && starts.size() % 2 == 0, "starts: must be pairs");
  for (py::ssize_t i = 0; i < starts.size(); ++i) {
    const int64_t start = starts.data()[i] + offset;
    Require(start >= 0 && start + log_mel.window() <= samples.size(), "starts: a window reaches beyond the samples");
  }
  const py::ssize_t frames = starts.size() / 2, width = 2 * log_mel.bands();
  Array<float> features({frames, width});
  Array<float> loudness_db(frames);
  const float* first = samples.data() + offset;
  const int64_t* start = starts.data();
  float *feature = features.mutable_data(), *loudness = loudness_db.mutable_data();
  {
    py::gil_scoped_release unlocked;
    for (py::ssize_t i = 0; i < frames; ++i) {
      reference = log_mel.Frame(first + start[2 * i], first + start[2 * i + 1], reference, feature + i * width,
                                loudness + i);
    }
  }
  return py::make_tuple(std::move(features), std::move(loudness_db), reference);
}

template <typename T>
Array<T> Get(const py::dict& weights, const std::string& name, const std::vector<py::ssize_t>& shape) {
  Require(weights.contains(name), name + ": is missing");
  Require(py::isinstance<Array<T>>(weights[name.c_str()]), name + ": has another type of number");
  const auto array = py::reinterpret_borrow<Array<T>>(weights[name.c_str()]);
  const bool fits = std::equal(shape.begin(), shape.end(), array.shape(), array.shape() + array.ndim());
  Require(fits, name + ": has another shape");
  return array;
}

int32_t PaddedToTiles(int32_t outputs) { return (outputs + Network::kTile - 1) / Network::kTile * Network::kTile; }

Dense MakeDense(const py::dict& weights, const std::string& name, int32_t inputs, int32_t outputs) {
  const auto given = Get<float>(weights, name + ".weight", {inputs, outputs});
  const auto bias = Get<float>(weights, name + ".bias", {outputs});
  Dense layer{inputs, outputs, {}, std::vector<float>(PaddedToTiles(outputs))};
  std::copy_n(bias.data(), outputs, layer.bias.begin());
  layer.weights.resize(layer.bias.size() * inputs);
  for (int32_t k = 0; k < inputs; ++k) {
    for (int32_t n = 0; n < outputs; ++n) {
      const int32_t tile = n / Network::kTile, lane = n % Network::kTile;
      layer.weights[(tile * inputs + k) * Network::kTile + lane] = given.data()[k * outputs + n];
    }
  }
  return layer;
}

Dense8 MakeDense8(const py::dict& weights, const std::string& name, int32_t inputs, int32_t outputs) {
  constexpr int32_t kZero = 128, kTile = Network::kTile, kBlock = Network::kBlock, kQuad = Network::kQuad;
  const int32_t blocks = inputs / kBlock;
  const auto given = Get<uint8_t>(weights, name + ".weight", {outputs, blocks, kBlock});
  const auto scales = Get<float>(weights, name + ".scales", {outputs, blocks});
  const auto bias = Get<float>(weights, name + ".bias", {outputs});
  Dense8 layer{inputs, outputs, {}, {}, {bias.data(), bias.data() + outputs}};
  layer.weights.resize(given.size());
  layer.scales.resize(scales.size());
  for (int32_t n = 0; n < outputs; ++n) {
    const int32_t tile = n / kTile, lane = n % kTile;
    for (int32_t block = 0; block < blocks; ++block) {
      const int32_t place = tile * blocks + block;
      layer.scales[place * kTile + lane] = scales.data()[n * blocks + block];
      for (int32_t k = 0; k < kBlock; ++k) {
        const int32_t weight = given.data()[(n * blocks + block) * kBlock + k] - kZero;
        const int32_t quad = place * (kBlock / kQuad) + k / kQuad;
        layer.weights[(quad * kTile + lane) * kQuad + k % kQuad] = static_cast<int8_t>(weight);
      }
    }
  }
  return layer;
}

Network MakeNetwork(const py::dict& weights, const std::vector<int32_t>& dilations, std::array<int32_t, 3> heads) {
  Require(Network::RunsHere(), "the native network step cannot run on this processor");
  Require(weights.contains("enter.weight"), "enter.weight: is missing");
  const auto enter = py::cast<py::array>(weights["enter.weight"]);
  Require(enter.ndim() == 2, "enter.weight: has another shape");
  const auto features = static_cast<int32_t>(enter.shape(0)), channels = static_cast<int32_t>(enter.shape(1));
  Require(channels > 0 && channels % Network::kTile == 0, "enter.weight: channels must be a multiple of 32");
  NetworkWeights made;
  made.enter = MakeDense(weights, "enter", features, channels);
  for (size_t i = 0; i < dilations.size(); ++i) {
    Require(dilations[i] > 0, "dilations: must be positive");
    const std::string name = "blocks." + std::to_string(i);
    made.blocks.push_back({dilations[i], MakeDense8(weights, name + ".look_back", Network::kTaps * channels, channels),
                           MakeDense8(weights, name + ".mix", channels, channels)});
  }
  made.curves = heads[0];
  made.visemes = heads[1];
  made.phones = heads[2];
  Require(*std::min_element(heads.begin(), heads.end()) > 0, "heads: must be positive");
  made.heads = MakeDense(weights, "heads", channels, heads[0] + heads[1] + heads[2]);
  return Network(std::move(made));
}

py::tuple RunNetwork(const Network& network, const Array<float>& features, const Array<float>& state) {
  Require(features.ndim() == 3 && features.shape(1) > 0 && features.shape(2) == network.features(),
          "features: have another shape");
  const py::ssize_t streams = features.shape(0), frames = features.shape(1);
  const py::ssize_t state_size = network.memory() * network.channels();
  Require(state.ndim() == 2 && state.shape(0) == streams && state.shape(1) == state_size, "state: has another shape");
  const NetworkWeights& weights = network.weights();
  Array<float> curves({streams, frames, static_cast<py::ssize_t>(weights.curves)});
  Array<float> visemes({streams, frames, static_cast<py::ssize_t>(weights.visemes)});
  Array<float> phones({streams, frames, static_cast<py::ssize_t>(weights.phones)});
  Array<float> next_state({streams, state_size});
  const NetworkOutputs outputs{curves.mutable_data(), visemes.mutable_data(), phones.mutable_data(),
                               next_state.mutable_data()};
  const float *feature = features.data(), *before = state.data();
  {
    py::gil_scoped_release unlocked;
    network.Run(feature, before, streams, frames, outputs);
  }
  return py::make_tuple(std::move(curves), std::move(visemes), std::move(phones), std::move(next_state));
}

}  // namespace

PYBIND11_MODULE(_native, module) {
  module.doc() = "Log-mel features and the nano network; log_mel.py and network.py beside it say what each does.";
  py::class_<LogMel>(module, "LogMel")
      .def(py::init(&MakeLogMel), py::kw_only(), py::arg("window").noconvert(), py::arg("filters").noconvert(),
           py::arg("loudness_bins"), py::arg("sine_power"), py::arg("smallest_power"), py::arg("lowest_reference"),
           py::arg("reference_fall"), py::arg("depth"))
      .def("extract", &Extract, py::arg("samples").noconvert(), py::arg("starts").noconvert(), py::arg("offset"),
           py::arg("reference"));
  py::class_<Network>(module, "Network")
      .def_static("runs_here", &Network::RunsHere)
      .def(py::init(&MakeNetwork), py::arg("weights"), py::arg("dilations"), py::arg("heads"))
      .def("run", &RunNetwork, py::arg("features"), py::arg("state"));
}

}  // namespace flashhead
