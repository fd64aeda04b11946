// Python bindings of the render kernels: they check shapes, release the GIL and call.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <optional>
#include <stdexcept>

#include "bleed.h"
#include "compose.h"
#include "grid.h"
#include "warp.h"

namespace flashhead {
namespace {

namespace py = pybind11;

template <typename T>
using Array = py::array_t<T, py::array::c_style>;

// Rows may lie apart, as in a part of a picture.
template <typename T>
using Rows = py::array_t<T, 0>;

void Require(bool condition, const char* what) {
  if (!condition) throw std::invalid_argument(what);
}

template <typename T>
void RequireRows(const Rows<T>& array) {
  Require(array.ndim() == 2, "every array of pixels: must have two dimensions");
  const bool together = array.shape(1) < 2 || array.strides(1) == static_cast<py::ssize_t>(sizeof(T));
  Require(together && array.strides(0) % static_cast<py::ssize_t>(sizeof(T)) == 0,
          "every array of pixels: the pixels of a row must lie side by side");
}

template <typename T>
View<const T> ViewOf(const Rows<T>& array) {
  RequireRows(array);
  return {array.data(), array.strides(0) / static_cast<py::ssize_t>(sizeof(T)), static_cast<int32_t>(array.shape(0)),
          static_cast<int32_t>(array.shape(1))};
}

template <typename T>
View<T> TargetOf(Rows<T>& array) {
  RequireRows(array);
  return {array.mutable_data(), array.strides(0) / static_cast<py::ssize_t>(sizeof(T)),
          static_cast<int32_t>(array.shape(0)), static_cast<int32_t>(array.shape(1))};
}

template <typename A, typename B>
void RequireSame(const View<A>& a, const View<B>& b) {
  Require(a.rows == b.rows && a.columns == b.columns, "every array of pixels: must have the same shape");
}

Table TableOf(const Array<uint32_t>& pixels) {
  Require(pixels.ndim() == 2 && pixels.shape(0) > 1 && pixels.shape(1) > 1, "table: must have 2 x 2 pixels or more");
  return {pixels.data(), static_cast<int32_t>(pixels.shape(1)), static_cast<int32_t>(pixels.shape(0))};
}

Axis AxisOf(const Array<int32_t>& node, const Array<float>& fraction, int32_t count, int32_t nodes) {
  Require(node.ndim() == 1 && fraction.ndim() == 1, "axis: must be flat");
  Require(node.shape(0) == count && fraction.shape(0) == count, "axis: must have one entry for each pixel");
  for (int32_t i = 0; i < count; ++i) {
    Require(node.data()[i] >= 0 && node.data()[i] < nodes - 1, "axis: names a node that is not there");
  }
  return {node.data(), fraction.data()};
}

void ExpandArrays(const Rows<float>& nodes, const Array<int32_t>& row_node, const Array<float>& row_fraction,
                  const Array<int32_t>& column_node, const Array<float>& column_fraction, Rows<float>& out) {
  const View<const float> values = ViewOf(nodes);
  const View<float> target = TargetOf(out);
  const Axis rows = AxisOf(row_node, row_fraction, target.rows, values.rows);
  const Axis columns = AxisOf(column_node, column_fraction, target.columns, values.columns);
  py::gil_scoped_release unlocked;
  Expand(values, rows, columns, target);
}

void WarpArrays(const Array<uint32_t>& table, const Rows<float>& x, const Rows<float>& y,
                const Array<int32_t>& row_node, const Array<float>& row_fraction, const Array<int32_t>& column_node,
                const Array<float>& column_fraction, Rows<uint32_t>& out) {
  const Table source = TableOf(table);
  const View<const float> nodes_x = ViewOf(x), nodes_y = ViewOf(y);
  const View<uint32_t> target = TargetOf(out);
  RequireSame(nodes_x, nodes_y);
  const Axis rows = AxisOf(row_node, row_fraction, target.rows, nodes_x.rows);
  const Axis columns = AxisOf(column_node, column_fraction, target.columns, nodes_x.columns);
  py::gil_scoped_release unlocked;
  Warp(source, nodes_x, nodes_y, rows, columns, target);
}

void SampleArrays(const Array<uint32_t>& table, const Rows<float>& x, const Rows<float>& y, float scale, float left,
                  float top, Rows<uint32_t>& out) {
  const Table source = TableOf(table);
  const View<const float> points_x = ViewOf(x), points_y = ViewOf(y);
  const View<uint32_t> target = TargetOf(out);
  RequireSame(points_x, target);
  RequireSame(points_y, target);
  py::gil_scoped_release unlocked;
  Sample(source, points_x, points_y, scale, left, top, target);
}

void BleedArrays(const Rows<uint32_t>& picture, uint32_t faint, Rows<uint32_t>& out) {
  const View<const uint32_t> source = ViewOf(picture);
  const View<uint32_t> target = TargetOf(out);
  RequireSame(source, target);
  Require(source.rows > 0 && source.columns > 0, "picture: must have a pixel");
  py::gil_scoped_release unlocked;
  Bleed(source, faint, target);
}

void OverArrays(const Rows<uint32_t>& above, Rows<uint32_t>& below) {
  const View<const uint32_t> upper = ViewOf(above);
  const View<uint32_t> target = TargetOf(below);
  RequireSame(upper, target);
  py::gil_scoped_release unlocked;
  Over(upper, target);
}

void OverFadedArrays(const Rows<uint32_t>& above, const Rows<float>& opacity, Rows<uint32_t>& below) {
  const View<const uint32_t> upper = ViewOf(above);
  const View<const float> share = ViewOf(opacity);
  const View<uint32_t> target = TargetOf(below);
  RequireSame(upper, target);
  RequireSame(share, target);
  py::gil_scoped_release unlocked;
  OverFaded(upper, share, target);
}

void PutArrays(const Rows<uint32_t>& drawn, const Rows<float>& opacity, bool keep_alpha, Rows<uint32_t>& frame) {
  const View<const uint32_t> source = ViewOf(drawn);
  const View<const float> share = ViewOf(opacity);
  const View<uint32_t> target = TargetOf(frame);
  RequireSame(source, target);
  RequireSame(share, target);
  py::gil_scoped_release unlocked;
  Put(source, share, keep_alpha, target);
}

GridValues GridOf(const Array<float>& values) {
  Require(values.ndim() == 3 && values.shape(0) > 1 && values.shape(1) > 1, "values: must have 2 x 2 nodes or more");
  return {values.data(), static_cast<int32_t>(values.shape(0)), static_cast<int32_t>(values.shape(1)),
          static_cast<int32_t>(values.shape(2))};
}

void TraceBackArrays(const Array<float>& values, float left, float top, float scale, const Rows<float>& x,
                     const Rows<float>& y, int32_t rounds, Array<float>& shift) {
  const GridValues grid = GridOf(values);
  const View<const float> points_x = ViewOf(x), points_y = ViewOf(y);
  RequireSame(points_x, points_y);
  Require(grid.channels == 2 && shift.size() == 2 * x.size(), "values, shift: must have two channels");
  float* target = shift.mutable_data();
  py::gil_scoped_release unlocked;
  TraceBack(grid, {left, top, scale}, points_x, points_y, rounds, target);
}

void PullApartArrays(const Array<float>& values, float left, float top, float scale, const Rows<float>& x,
                     const Rows<float>& y, const Rows<float>& rest_x, const Rows<float>& rest_y, Array<float>& out) {
  const GridValues grid = GridOf(values);
  const View<const float> points_x = ViewOf(x), points_y = ViewOf(y), from_x = ViewOf(rest_x), from_y = ViewOf(rest_y);
  RequireSame(points_x, points_y);
  RequireSame(points_x, from_x);
  RequireSame(points_x, from_y);
  Require(grid.channels == 5 && out.size() == 4 * x.size(), "values: must have five channels, out four of the points");
  float* target = out.mutable_data();
  py::gil_scoped_release unlocked;
  PullApart(grid, {left, top, scale}, points_x, points_y, from_x, from_y, target);
}

py::tuple WithinArrays(const Rows<float>& x, const Rows<float>& y, float left, float top, float right, float bottom,
                       std::optional<Array<bool>> inside) {
  const View<const float> points_x = ViewOf(x), points_y = ViewOf(y);
  RequireSame(points_x, points_y);
  Require(!inside || inside->size() == x.size(), "inside: must have the points' shape");
  bool* target = inside ? inside->mutable_data() : nullptr;
  Bounds found;
  {
    py::gil_scoped_release unlocked;
    found = Within(points_x, points_y, {left, top, right, bottom}, target);
  }
  return py::make_tuple(found.first_row, found.last_row, found.first_column, found.last_column);
}

}  // namespace

PYBIND11_MODULE(_kernels, module) {
  module.doc() = "Inner loops of the portrait renderer; flashhead_engine/render/kernels.py says what each does.";
  module.def("expand", &ExpandArrays, py::arg("nodes").noconvert(), py::arg("row_node").noconvert(),
             py::arg("row_fraction").noconvert(), py::arg("column_node").noconvert(),
             py::arg("column_fraction").noconvert(), py::arg("out").noconvert());
  module.def("warp", &WarpArrays, py::arg("table").noconvert(), py::arg("x").noconvert(), py::arg("y").noconvert(),
             py::arg("row_node").noconvert(), py::arg("row_fraction").noconvert(), py::arg("column_node").noconvert(),
             py::arg("column_fraction").noconvert(), py::arg("out").noconvert());
  module.def("sample", &SampleArrays, py::arg("table").noconvert(), py::arg("x").noconvert(), py::arg("y").noconvert(),
             py::arg("scale"), py::arg("left"), py::arg("top"), py::arg("out").noconvert());
  module.def("bleed", &BleedArrays, py::arg("picture").noconvert(), py::arg("faint"), py::arg("out").noconvert());
  module.def("over", &OverArrays, py::arg("above").noconvert(), py::arg("below").noconvert());
  module.def("over_faded", &OverFadedArrays, py::arg("above").noconvert(), py::arg("opacity").noconvert(),
             py::arg("below").noconvert());
  module.def("put", &PutArrays, py::arg("drawn").noconvert(), py::arg("opacity").noconvert(), py::arg("keep_alpha"),
             py::arg("frame").noconvert());
  module.def("trace_back", &TraceBackArrays, py::arg("values").noconvert(), py::arg("left"), py::arg("top"),
             py::arg("scale"), py::arg("x").noconvert(), py::arg("y").noconvert(), py::arg("rounds"),
             py::arg("shift").noconvert());
  module.def("pull_apart", &PullApartArrays, py::arg("values").noconvert(), py::arg("left"), py::arg("top"),
             py::arg("scale"), py::arg("x").noconvert(), py::arg("y").noconvert(), py::arg("rest_x").noconvert(),
             py::arg("rest_y").noconvert(), py::arg("out").noconvert());
  module.def("within", &WithinArrays, py::arg("x").noconvert(), py::arg("y").noconvert(), py::arg("left"),
             py::arg("top"), py::arg("right"), py::arg("bottom"), py::arg("inside").noconvert());
}

}  // namespace flashhead
