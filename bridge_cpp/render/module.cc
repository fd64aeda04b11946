// Python bindings of the render kernels: they check shapes, release the GIL and call.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <stdexcept>

#include "warp.h"

namespace flashhead {
namespace {

namespace py = pybind11;

template <typename T>
using Array = py::array_t<T, py::array::c_style>;

void Require(bool condition, const char* what) {
  if (!condition) throw std::invalid_argument(what);
}

Table TableOf(const Array<uint32_t>& pixels) {
  Require(pixels.ndim() == 2 && pixels.shape(0) > 1 && pixels.shape(1) > 1, "table: must have 2 x 2 pixels or more");
  return {pixels.data(), static_cast<int32_t>(pixels.shape(1)), static_cast<int32_t>(pixels.shape(0))};
}

Axis AxisOf(const Array<int32_t>& node, const Array<float>& fraction, py::ssize_t count, py::ssize_t nodes) {
  Require(node.ndim() == 1 && fraction.ndim() == 1, "axis: must be flat");
  Require(node.shape(0) == count && fraction.shape(0) == count, "axis: must have one entry for each pixel");
  for (py::ssize_t i = 0; i < count; ++i) {
    Require(node.data()[i] >= 0 && node.data()[i] < nodes - 1, "axis: names a node that is not there");
  }
  return {node.data(), fraction.data(), static_cast<int32_t>(count)};
}

void WarpArrays(const Array<uint32_t>& table, const Array<float>& x, const Array<float>& y,
                const Array<int32_t>& row_node, const Array<float>& row_fraction, const Array<int32_t>& column_node,
                const Array<float>& column_fraction, Array<uint32_t>& out) {
  Require(x.ndim() == 2 && y.ndim() == 2 && out.ndim() == 2, "x, y, out: must have two dimensions");
  Require(x.shape(0) == y.shape(0) && x.shape(1) == y.shape(1), "x, y: must have the same shape");
  const Table source = TableOf(table);
  const Nodes nodes{x.data(), y.data(), static_cast<int32_t>(x.shape(1))};
  const Axis rows = AxisOf(row_node, row_fraction, out.shape(0), x.shape(0));
  const Axis columns = AxisOf(column_node, column_fraction, out.shape(1), x.shape(1));
  uint32_t* pixels = out.mutable_data();
  const auto stride = static_cast<int32_t>(out.shape(1));
  py::gil_scoped_release unlocked;
  Warp(source, nodes, rows, columns, pixels, stride);
}

}  // namespace

PYBIND11_MODULE(_kernels, module) {
  module.doc() = "Inner loops of the portrait renderer; flashhead_engine/render/kernels.py says what each does.";
  module.def("warp", &WarpArrays, py::arg("table").noconvert(), py::arg("x").noconvert(), py::arg("y").noconvert(),
             py::arg("row_node").noconvert(), py::arg("row_fraction").noconvert(), py::arg("column_node").noconvert(),
             py::arg("column_fraction").noconvert(), py::arg("out").noconvert());
}

}  // namespace flashhead
