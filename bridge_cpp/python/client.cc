// The C header's calls as Python classes, its errors as FlashHeadError. What takes long releases the GIL.
#include "python/client.h"

#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "flashhead_bridge.h"

namespace flashhead {
namespace {

namespace py = pybind11;

using Pixels = py::array_t<uint8_t, py::array::c_style>;

constexpr const char* kStates[] = {"waiting", "speaking", "finished", "cancelled", "failed"};
constexpr const char* kEvents[] = {"connected", "not_connected", "lost",     "opened",    "reopened", "closed", "started",
                                   "first_frame", "finished",    "cancelled", "underrun", "warning",  "error"};

[[noreturn]] void Raise(const char* kind, const std::string& words) {
  py::set_error(py::module_::import("flashhead_engine.errors").attr(kind), words.c_str());
  throw py::error_already_set();
}

// Whether there was something. Raises in the library's own words.
bool Need(flashhead_result result) {
  if (result >= FLASHHEAD_OK) return result == FLASHHEAD_OK;
  const bool argument = result == FLASHHEAD_INVALID_ARGUMENT || result == FLASHHEAD_UNKNOWN_UTTERANCE;
  Raise(argument ? "SettingsError" : "TransportError",
        std::string(flashhead_result_name(result)) + ": " + flashhead_last_error());
}

std::vector<flashhead_event> Events(flashhead_result (*poll)(uint64_t, flashhead_event*), uint64_t handle) {
  std::vector<flashhead_event> events;
  flashhead_event event = FLASHHEAD_EVENT;
  while (Need(poll(handle, &event))) events.push_back(event);
  return events;
}

struct Format {
  uint32_t format = FLASHHEAD_FLOAT32;
  uint32_t channels = 1;

  bool operator==(const Format& other) const { return format == other.format && channels == other.channels; }
};

// Samples in one piece, as the library takes them.
struct Samples {
  py::array data;
  Format format;

  const void* begin() const { return data.size() == 0 ? nullptr : data.data(); }
  uint64_t frames() const { return static_cast<uint64_t>(data.shape(0)); }
};

Samples SamplesOf(const py::array& pcm) {
  const bool int16 = py::isinstance<py::array_t<int16_t>>(pcm);
  if ((!int16 && pcm.dtype().kind() != 'f') || pcm.ndim() < 1 || pcm.ndim() > 2) {
    Raise("AudioError", "pcm is " + std::string(py::str(pcm.dtype())) + " of shape " +
                            std::string(py::str(pcm.attr("shape"))) +
                            "; it must be float in [-1, 1] or int16, (samples,) or (samples, channels)");
  }
  using Whole = py::array_t<int16_t, py::array::c_style | py::array::forcecast>;
  using Real = py::array_t<float, py::array::c_style | py::array::forcecast>;
  const uint32_t channels = pcm.ndim() == 2 ? static_cast<uint32_t>(pcm.shape(1)) : 1;
  if (int16) return {Whole(pcm), {FLASHHEAD_INT16, channels}};
  return {Real(pcm), {FLASHHEAD_FLOAT32, channels}};
}

class Head {
 public:
  Head(flashhead_client client, const flashhead_session_options& options) : size_(options.size) {
    Need(flashhead_open(client, &options, &session_));
  }
  ~Head() { flashhead_close(session_); }
  Head(const Head&) = delete;
  Head& operator=(const Head&) = delete;

  void Close() { flashhead_close(session_); }

  uint32_t Speak(const py::array& pcm, uint32_t sample_rate_hz, bool streamed, bool interrupt) {
    const Samples samples = SamplesOf(pcm);
    flashhead_audio audio = FLASHHEAD_AUDIO;
    audio.format = samples.format.format;
    audio.channels = samples.format.channels;
    audio.samples = samples.begin();
    audio.frames = samples.frames();
    audio.sample_rate_hz = sample_rate_hz;
    audio.streamed = streamed;
    audio.interrupt = interrupt;
    const uint32_t utterance = Begin(audio);
    if (streamed) streamed_[utterance] = samples.format;
    return utterance;
  }

  uint32_t SpeakFile(const std::string& path, bool interrupt) {
    flashhead_audio audio = FLASHHEAD_AUDIO;
    audio.path = path.c_str();
    audio.interrupt = interrupt;
    return Begin(audio);
  }

  void Push(uint32_t utterance, const py::array& pcm) {
    const Samples samples = SamplesOf(pcm);
    const auto began = streamed_.find(utterance);
    if (began != streamed_.end() && !(began->second == samples.format)) {
      Raise("AudioError", "utterance " + std::to_string(utterance) + " began with " +
                              std::to_string(began->second.channels) + " channel(s) of " +
                              (began->second.format == FLASHHEAD_INT16 ? "int16" : "float32") + "; push the same");
    }
    flashhead_result result;
    {
      py::gil_scoped_release unlocked;
      result = flashhead_push(session_, utterance, samples.begin(), samples.frames());
    }
    Need(result);
  }

  void End(uint32_t utterance) {
    Need(flashhead_end(session_, utterance));
    streamed_.erase(utterance);
  }

  void Cancel(std::optional<int64_t> last_pts_us) {
    Need(flashhead_cancel(session_, last_pts_us.value_or(FLASHHEAD_LAST_ACQUIRED)));
    streamed_.clear();
  }

  void Clock(uint32_t utterance, int64_t audio_us, bool playing) {
    Need(flashhead_clock(session_, utterance, audio_us, playing));
  }

  const char* State(uint32_t utterance) {
    int32_t state = 0;
    Need(flashhead_utterance_state(session_, utterance, &state));
    return kStates[state];
  }

  std::optional<flashhead_frame> AcquireVideo(uint32_t utterance, int64_t audio_us, Pixels& pixels) {
    if (pixels.ndim() != 3 || pixels.shape(0) != size_ || pixels.shape(1) != size_ || pixels.shape(2) != 4) {
      const std::string side = std::to_string(size_);
      Raise("SettingsError", "pixels has shape " + std::string(py::str(pixels.attr("shape"))) +
                                 "; the pictures of this head need (" + side + ", " + side + ", 4)");
    }
    flashhead_frame frame = FLASHHEAD_FRAME;
    auto* data = pixels.mutable_data();
    const auto bytes = static_cast<size_t>(pixels.nbytes());
    flashhead_result result;
    {
      py::gil_scoped_release unlocked;
      result = flashhead_acquire_video(session_, utterance, audio_us, &frame, data, bytes);
    }
    return Need(result) ? std::optional(frame) : std::nullopt;
  }

  std::optional<flashhead_weights> AcquireWeights(uint32_t utterance, int64_t audio_us) {
    flashhead_weights weights = FLASHHEAD_WEIGHTS;
    return Need(flashhead_acquire_weights(session_, utterance, audio_us, &weights)) ? std::optional(weights)
                                                                                    : std::nullopt;
  }

  void SetEmotion(const std::string& emotion, float intensity) {
    Need(flashhead_set_emotion(session_, emotion.c_str(), intensity));
  }
  void SetMouthStrength(float strength) { Need(flashhead_set_mouth_strength(session_, strength)); }
  void LookAt(float yaw, float pitch) { Need(flashhead_look_at(session_, yaw, pitch)); }
  void LookFreely() { Need(flashhead_look_freely(session_)); }
  void Pause(bool paused) { Need(flashhead_pause(session_, paused)); }

  flashhead_session_info Info() {
    flashhead_session_info info = FLASHHEAD_SESSION_INFO;
    Need(flashhead_get_session_info(session_, &info));
    return info;
  }

  std::vector<flashhead_event> Happened() { return Events(&flashhead_poll, session_); }

  uint32_t size() const { return size_; }

 private:
  uint32_t Begin(const flashhead_audio& audio) {
    uint32_t utterance = 0;
    flashhead_result result;
    {
      py::gil_scoped_release unlocked;
      result = flashhead_speak(session_, &audio, &utterance);
    }
    Need(result);
    return utterance;
  }

  const uint32_t size_;
  flashhead_session session_ = 0;
  std::map<uint32_t, Format> streamed_;  // those that may get more samples
};

class Client {
 public:
  Client(const std::string& endpoint, const std::string& token, const std::vector<std::string>& program,
         const std::string& name) {
    flashhead_connect_options options = FLASHHEAD_CONNECT_OPTIONS;
    std::vector<const char*> words;
    for (const auto& word : program) words.push_back(word.c_str());
    options.endpoint = endpoint.empty() ? nullptr : endpoint.c_str();
    options.token = token.empty() ? nullptr : token.c_str();
    options.name = name.empty() ? nullptr : name.c_str();
    options.program = words.data();
    options.program_words = static_cast<uint32_t>(words.size());
    Need(flashhead_connect(&options, &client_));
  }
  ~Client() { flashhead_disconnect(client_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void Close() { flashhead_disconnect(client_); }

  std::unique_ptr<Head> Open(const std::string& avatar, bool video, bool blendshapes, const std::string& tier,
                             uint32_t size, uint32_t fps, uint64_t seed, const std::string& emotion,
                             float emotion_intensity, float mouth_strength, bool lower_tier, bool frames_as_messages) {
    flashhead_session_options options = FLASHHEAD_SESSION_OPTIONS;
    options.outputs = (video ? FLASHHEAD_VIDEO : 0) | (blendshapes ? FLASHHEAD_WEIGHTS_60HZ : 0);
    options.avatar = avatar.empty() ? nullptr : avatar.c_str();
    options.tier = tier.c_str();
    options.size = size;
    options.fps = fps;
    options.seed = seed;
    options.emotion = emotion.c_str();
    options.emotion_intensity = emotion_intensity;
    options.mouth_strength = mouth_strength;
    options.lower_tier = lower_tier;
    options.frames_as_messages = frames_as_messages;
    return std::make_unique<Head>(client_, options);
  }

  flashhead_client_info Info() {
    flashhead_client_info info = FLASHHEAD_CLIENT_INFO;
    Need(flashhead_get_client_info(client_, &info));
    return info;
  }

  std::vector<flashhead_event> Happened() { return Events(&flashhead_poll_client, client_); }

 private:
  flashhead_client client_ = 0;
};

// An array of a field that lives as long as the struct around it, without a copy.
template <size_t kCount>
auto View(float (flashhead_weights::*field)[kCount]) {
  return [field](const py::object& self) {
    auto& weights = self.cast<flashhead_weights&>();
    return py::array_t<float>({kCount}, {sizeof(float)}, weights.*field, self);
  };
}

void BindStructs(py::module_& module) {
  py::class_<flashhead_frame>(module, "Frame", "Which frame was given.")
      .def_readonly("utterance", &flashhead_frame::utterance, "0: idle")
      .def_readonly("epoch", &flashhead_frame::epoch)
      .def_readonly("index", &flashhead_frame::index, "in its utterance")
      .def_readonly("pts_us", &flashhead_frame::pts_us, "in the utterance's audio, microseconds")
      .def_readonly("duration_us", &flashhead_frame::duration_us)
      .def_readonly("flags", &flashhead_frame::flags, "of flashhead_engine.drivers.base.FrameFlags");

  py::class_<flashhead_weights>(module, "Weights", "A frame of the 60 Hz track.")
      .def_readonly("frame", &flashhead_weights::frame)
      .def_property_readonly("arkit", View(&flashhead_weights::arkit), "float32 (52,), 0..1, in the order of ARKIT_52")
      .def_property_readonly("pose", View(&flashhead_weights::pose),
                             "float32 (4,): yaw, pitch, roll in radians; breath, 0..1")
      .def_property_readonly("visemes", View(&flashhead_weights::visemes),
                             "float32 (15,), posteriors that sum to 1, in the order of VISEMES");

  py::class_<flashhead_event>(module, "Event", "What happened; docs/bridge.md and the C header tell of each.")
      .def_property_readonly("name", [](const flashhead_event& it) { return kEvents[it.type - 1]; })
      .def_readonly("utterance", &flashhead_event::utterance, "0: none")
      .def_readonly("epoch", &flashhead_event::epoch)
      .def_readonly("pts_us", &flashhead_event::pts_us)
      .def_readonly("latency_us", &flashhead_event::latency_us)
      .def_property_readonly("code", [](const flashhead_event& it) { return std::string(it.code); })
      .def_property_readonly("message", [](const flashhead_event& it) { return std::string(it.message); })
      .def("__repr__", [](const flashhead_event& it) {
        return "<Event " + std::string(kEvents[it.type - 1]) + " utterance=" + std::to_string(it.utterance) + " " +
               it.code + " " + it.message + ">";
      });

  py::class_<flashhead_client_info>(module, "ClientInfo", "How a client stands now.")
      .def_property_readonly("connected", [](const flashhead_client_info& it) { return it.connected != 0; })
      .def_readonly("worker_pid", &flashhead_client_info::worker_pid)
      .def_readonly("reconnects", &flashhead_client_info::reconnects, "how often a lost worker was found again")
      .def_property_readonly("worker_version", [](const flashhead_client_info& it) { return std::string(it.worker_version); })
      .def_property_readonly("tiers", [](const flashhead_client_info& it) { return std::string(it.tiers); });

  py::class_<flashhead_session_info>(module, "HeadInfo", "How a head stands now.")
      .def_property_readonly("open", [](const flashhead_session_info& it) { return it.open != 0; })
      .def_readonly("reconnects", &flashhead_session_info::reconnects, "how often it was opened again")
      .def_readonly("pictures", &flashhead_session_info::pictures, "acquired so far")
      .def_readonly("weights", &flashhead_session_info::weights, "acquired so far")
      .def_readonly("retries", &flashhead_session_info::retries, "times that a frame was overwritten while it was read")
      .def_property_readonly("tier", [](const flashhead_session_info& it) { return std::string(it.tier); });
}

}  // namespace

void BindClient(py::module_& module) {
  using py::arg;
  BindStructs(module);

  py::class_<Head>(module, "Head", "One talking head. No method waits for the worker; all raise FlashHeadError.")
      .def("speak", &Head::Speak, arg("pcm"), arg("sample_rate_hz") = 16000, py::kw_only(), arg("streamed") = false,
           arg("interrupt") = false,
           "Begin an utterance: its number. `pcm`: float in [-1, 1] or int16, (samples,) or (samples, channels), any\n"
           "rate; copied. `streamed`: more comes by `push`, until `end`. `interrupt`: instead of what is spoken.")
      .def("speak_file", &Head::SpeakFile, arg("path"), py::kw_only(), arg("interrupt") = false,
           "Begin an utterance from an audio file that the worker may read: its number.")
      .def("push", &Head::Push, arg("utterance"), arg("pcm"), "More samples, in the type that `speak` got.")
      .def("end", &Head::End, arg("utterance"), "No more samples follow.")
      .def("cancel", &Head::Cancel, arg("last_pts_us") = py::none(),
           "Stop what is spoken and what waits; none of its frames is given any more. `last_pts_us`: of the frame\n"
           "shown last, microseconds; None: the one that was acquired last.")
      .def("clock", &Head::Clock, arg("utterance"), arg("audio_us"), arg("playing") = true,
           "Where the audio is, microseconds from its first sample; best each time you draw.")
      .def("state", &Head::State, arg("utterance"), "waiting, speaking (start the audio), finished, cancelled or failed.")
      .def("acquire_video", &Head::AcquireVideo, arg("utterance"), arg("audio_us"), arg("pixels").noconvert(),
           "Copy the newest picture whose PTS is not after this time of the audio into `pixels`, uint8 (size, size, 4),\n"
           "straight-alpha sRGB RGBA. Utterance 0: the newest there is. None: show on what you show.")
      .def("acquire_weights", &Head::AcquireWeights, arg("utterance"), arg("audio_us"),
           "As `acquire_video`, from the 60 Hz track.")
      .def("set_emotion", &Head::SetEmotion, arg("emotion"), arg("intensity") = 1.0f)
      .def("set_mouth_strength", &Head::SetMouthStrength, arg("strength"), "0..2, 1: as recorded people.")
      .def("look_at", &Head::LookAt, arg("yaw"), arg("pitch"), "Radians, -1..1; yaw > 0 to its own left, pitch > 0 down.")
      .def("look_freely", &Head::LookFreely)
      .def("pause", &Head::Pause, arg("paused") = true, "Stop the head altogether, idle motion too, or let it go on.")
      .def_property_readonly("info", &Head::Info)
      .def_property_readonly("size", &Head::size, "pixels of a side of its pictures")
      .def("events", &Head::Happened, "What happened since the last call.")
      .def("close", &Head::Close, "End the session. Again: nothing.")
      .def("__enter__", [](py::object self) { return self; })
      .def("__exit__", [](Head& self, const py::args&) { self.Close(); });

  py::class_<Client>(module, "Client", "A worker; use `connect` or `launch` of flashhead_engine.client.native.")
      .def(py::init<const std::string&, const std::string&, const std::vector<std::string>&, const std::string&>(),
           py::kw_only(), arg("endpoint") = "", arg("token") = "", arg("program") = std::vector<std::string>(),
           arg("name") = "")
      .def("open", &Client::Open, py::keep_alive<0, 1>(), arg("avatar") = "", py::kw_only(), arg("video") = false,
           arg("blendshapes") = true, arg("tier") = "nano", arg("size") = 512, arg("fps") = 25, arg("seed") = 0,
           arg("emotion") = "neutral", arg("emotion_intensity") = 1.0f, arg("mouth_strength") = 1.0f,
           arg("lower_tier") = false, arg("frames_as_messages") = false,
           "A talking head, at once; all may be asked of it, and is done as soon as the worker has opened it. Its\n"
           "events tell `opened`, or `closed` after an `error`. The options are those of flashhead_engine.client.")
      .def_property_readonly("info", &Client::Info)
      .def("events", &Client::Happened, "What happened to the connection since the last call.")
      .def("close", &Client::Close, "Close all its heads and the connection; a worker of its own ends. Again: nothing.")
      .def("__enter__", [](py::object self) { return self; })
      .def("__exit__", [](Client& self, const py::args&) { self.Close(); });

  // Threads of the library, and workers that it started, end before Python does.
  const auto shutdown = py::cpp_function(&flashhead_shutdown, py::call_guard<py::gil_scoped_release>());
  module.attr("shutdown") = shutdown;
  py::module_::import("atexit").attr("register")(shutdown);
}

}  // namespace flashhead
