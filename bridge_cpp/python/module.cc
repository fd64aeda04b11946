// Python bindings of the ring; flashhead_engine/transport says what each does. Whatever takes long releases the GIL.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <optional>

#include "core/ring_error.h"
#include "core/ring_layout.h"
#include "core/ring_reader.h"
#include "core/ring_writer.h"
#ifdef FLASHHEAD_WITH_CLIENT
#include "python/client.h"
#endif

namespace flashhead {
namespace {

namespace py = pybind11;

using Bytes = py::array_t<uint8_t, py::array::c_style>;

bool Publish(RingWriter& writer, uint32_t epoch, uint32_t utterance, uint64_t index, int64_t pts_us,
             uint32_t duration_us, uint32_t flags, const Bytes& payload) {
  const auto* data = payload.data();
  if (payload.nbytes() > static_cast<py::ssize_t>(writer.geometry().payload_bytes)) return false;
  const auto bytes = static_cast<uint32_t>(payload.nbytes());
  py::gil_scoped_release unlocked;
  return writer.Publish({epoch, utterance, index, pts_us, duration_us, flags, 0}, data, bytes);
}

// None unless the slot was read and fills the payload.
std::optional<SlotInfo> Read(const RingReader& reader, uint64_t number, Bytes& payload) {
  auto* data = payload.mutable_data();
  const auto room = static_cast<uint32_t>(std::min<py::ssize_t>(payload.nbytes(), UINT32_MAX));
  py::gil_scoped_release unlocked;
  SlotInfo info;
  if (reader.Read(number, &info, data, room) != ReadResult::kRead || info.payload_bytes != room) return std::nullopt;
  return info;
}

std::optional<uint64_t> Find(RingReader& reader, uint32_t epoch, uint32_t utterance, int64_t audio_us) {
  uint64_t number = 0;
  if (!reader.Find(epoch, utterance, audio_us, &number)) return std::nullopt;
  return number;
}

}  // namespace

PYBIND11_MODULE(_bridge, module) {
  module.doc() = "The shared-memory ring of bridge_cpp; use it through flashhead_engine.transport.";
  py::register_exception<RingError>(module, "RingError", PyExc_RuntimeError);

  py::class_<SlotInfo>(module, "SlotInfo")
      .def_readonly("epoch", &SlotInfo::epoch)
      .def_readonly("utterance", &SlotInfo::utterance)
      .def_readonly("index", &SlotInfo::index)
      .def_readonly("pts_us", &SlotInfo::pts_us)
      .def_readonly("duration_us", &SlotInfo::duration_us)
      .def_readonly("flags", &SlotInfo::flags);

  py::class_<RingGeometry>(module, "RingGeometry")
      .def_static("weights", &WeightsGeometry, py::arg("slots"))
      .def_static("frames", &FramesGeometry, py::arg("slots"), py::arg("width"), py::arg("height"))
      .def_property_readonly("is_frames", [](const RingGeometry& it) { return it.kind == RingKind::kFrames; })
      .def_readonly("slots", &RingGeometry::slot_count)
      .def_readonly("slot_bytes", &RingGeometry::slot_bytes)
      .def_readonly("payload_bytes", &RingGeometry::payload_bytes)
      .def_readonly("width", &RingGeometry::width)
      .def_readonly("height", &RingGeometry::height);

  py::class_<RingWriter>(module, "RingWriter")
      .def(py::init<const RingGeometry&>(), py::call_guard<py::gil_scoped_release>())
      .def("publish", &Publish, py::arg("epoch"), py::arg("utterance"), py::arg("index"), py::arg("pts_us"),
           py::arg("duration_us"), py::arg("flags"), py::arg("payload").noconvert())
      .def("beat", &RingWriter::Beat)
      .def_property_readonly("name", &RingWriter::name)
      .def_property_readonly("generation", &RingWriter::generation)
      .def_property_readonly("published", &RingWriter::published)
      .def_property_readonly("geometry", &RingWriter::geometry);

  py::class_<RingReader>(module, "RingReader")
      .def(py::init<const std::string&, uint64_t>(), py::arg("name"), py::arg("generation"))
      .def("read", &Read, py::arg("number"), py::arg("payload").noconvert())
      .def("find", &Find, py::arg("epoch"), py::arg("utterance"), py::arg("audio_us"))
      .def_property_readonly("published", &RingReader::Published)
      .def_property_readonly("writer_lives", &RingReader::WriterLives)
      .def_property_readonly("writer_died", &RingReader::WriterDied)
      .def_property_readonly("heartbeat_age_ns", &RingReader::HeartbeatAgeNs)
      .def_property_readonly("geometry", &RingReader::geometry);

  module.def("sweep", &SweepSharedMemory);
#ifdef FLASHHEAD_WITH_CLIENT
  BindClient(module);
#endif
}

}  // namespace flashhead
