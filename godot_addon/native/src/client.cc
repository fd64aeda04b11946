#include "client.h"

#include <algorithm>
#include <cstring>

#include "options.h"

namespace flashhead_godot {
namespace {

// Why the last call on this thread failed. No std::string: a destructor would keep Godot from unloading the library.
thread_local char last_error[1200];

void Remember(const char* why) {
  std::strncpy(last_error, why, sizeof last_error - 1);
}

flashhead_result Told(flashhead_result result) {
  Remember(result < 0 ? flashhead_last_error() : "");
  return result;
}

flashhead_result Refused(const std::string& why) {
  Remember(why.c_str());
  return FLASHHEAD_INVALID_ARGUMENT;
}

// A number that no utterance has stands for those that none can have.
uint32_t Utterance(int64_t given) {
  return given >= 0 && given < UINT32_MAX ? static_cast<uint32_t>(given) : UINT32_MAX;
}

flashhead_session Session(int64_t given) { return static_cast<flashhead_session>(given); }

const char* OrNull(const std::string& text) { return text.empty() ? nullptr : text.c_str(); }

template <typename T>
Variant Number(T value) {
  return Variant(static_cast<int64_t>(value));
}

Variant Text(const char* text) { return Variant(std::string(text)); }

Dictionary Described(const flashhead_event& event) {
  Dictionary found;
  found.Set("type", Number(event.type));
  found.Set("code", Text(event.code));
  found.Set("message", Text(event.message));
  found.Set("utterance", Number(event.utterance));
  found.Set("epoch", Number(event.epoch));
  found.Set("pts_us", Number(event.pts_us));
  found.Set("latency_us", Number(event.latency_us));
  return found;
}

// Samples as a script has them. The arrays keep what `data` points to.
struct Samples {
  PackedByteArray bytes;
  PackedFloat32Array floats;
  PackedVector2Array pairs;
  const void* data = nullptr;
  uint64_t frames = 0;
  uint32_t format = FLASHHEAD_FLOAT32;
  uint32_t channels = 1;
};

// What is wrong with them, or nothing. `channels`: as given by the script; a PackedVector2Array has 2.
std::string Read(const Variant& given, uint32_t channels, Samples* samples) {
  int64_t values = 0;
  switch (given.type()) {
    case GDEXTENSION_VARIANT_TYPE_PACKED_BYTE_ARRAY: {
      samples->bytes = given.As<PackedByteArray>();
      const int64_t size = samples->bytes.size();
      if (size % 2 != 0) return "samples has " + std::to_string(size) + " bytes, but each sample has two";
      samples->format = FLASHHEAD_INT16;
      values = size / 2;
      if (size > 0) samples->data = samples->bytes.data();
      break;
    }
    case GDEXTENSION_VARIANT_TYPE_PACKED_FLOAT32_ARRAY:
      samples->floats = given.As<PackedFloat32Array>();
      values = samples->floats.size();
      if (values > 0) samples->data = samples->floats.data();
      break;
    case GDEXTENSION_VARIANT_TYPE_PACKED_VECTOR2_ARRAY:
      samples->pairs = given.As<PackedVector2Array>();
      values = 2 * samples->pairs.size();
      channels = 2;
      if (values > 0) samples->data = samples->pairs.data();
      break;
    default:
      return "samples must be PackedByteArray (16 bit), PackedFloat32Array or PackedVector2Array (stereo), not " +
             TypeName(given.type());
  }
  if (channels < 1 || channels > 8) return "channels is " + std::to_string(channels) + ", but must be from 1 to 8";
  if (values % channels != 0) {
    return "samples has " + std::to_string(values) + " values, which are not whole frames of " +
           std::to_string(channels) + " channels";
  }
  samples->channels = channels;
  samples->frames = static_cast<uint64_t>(values) / channels;
  return {};
}

PackedFloat32Array Zeros(int64_t count) {
  PackedFloat32Array zeros;
  zeros.Resize(count);
  std::fill_n(zeros.Writable(), count, 0.0f);
  return zeros;
}

template <typename Name>
PackedStringArray Names(Name name) {
  PackedStringArray names;
  for (uint32_t index = 0; name(index) != nullptr; ++index) {
    names.Resize(index + 1);
    names.Set(index, name(index));
  }
  return names;
}

}  // namespace

Client::Client(GDExtensionObjectPtr owner)
    : Object(owner),
      arkit_(Zeros(std::size(weights_.arkit))),
      pose_(Zeros(std::size(weights_.pose))),
      visemes_(Zeros(std::size(weights_.visemes))) {}

Client::~Client() { DisconnectWorker(); }

Result Client::ConnectWorker(const Dictionary& given) {
  std::string endpoint, token, name = "Godot";
  PackedStringArray program;
  Options options("connect_worker", given);
  options.Read("endpoint", endpoint);
  options.Read("token", token);
  options.Read("name", name);
  options.Read("program", program);
  if (!options.Done()) return Result(Refused(options.error()));

  DisconnectWorker();
  std::vector<std::string> words;
  for (int64_t index = 0; index < program.size(); ++index) words.push_back(program.At(index));
  std::vector<const char*> pointers;
  for (const std::string& word : words) pointers.push_back(word.c_str());
  flashhead_connect_options where = FLASHHEAD_CONNECT_OPTIONS;
  where.endpoint = OrNull(endpoint);
  where.token = OrNull(token);
  where.name = OrNull(name);
  where.program = pointers.data();
  where.program_words = static_cast<uint32_t>(pointers.size());
  return Result(Told(flashhead_connect(&where, &client_)));
}

void Client::DisconnectWorker() {
  streams_.clear();
  if (client_ == 0) return;
  flashhead_disconnect(client_);
  client_ = 0;
}

Dictionary Client::GetInfo() const {
  flashhead_client_info info = FLASHHEAD_CLIENT_INFO;
  Dictionary found;
  if (Told(flashhead_get_client_info(client_, &info)) != FLASHHEAD_OK) return found;
  found.Set("connected", Variant(info.connected != 0));
  found.Set("worker_pid", Number(info.worker_pid));
  found.Set("reconnects", Number(info.reconnects));
  found.Set("worker_version", Text(info.worker_version));
  found.Set("tiers", Text(info.tiers));
  return found;
}

Dictionary Client::GetStatistics() const {
  flashhead_statistics statistics = FLASHHEAD_STATISTICS;
  Dictionary found;
  if (Told(flashhead_get_statistics(client_, &statistics)) != FLASHHEAD_OK) return found;
  found.Set("sessions", Number(statistics.sessions));
  found.Set("uptime_s", Variant(statistics.uptime_s));
  found.Set("load", Variant(statistics.load));
  found.Set("memory_bytes", Number(statistics.memory_bytes));
  found.Set("latency_p50_ms", Variant(statistics.latency_p50_ms));
  found.Set("latency_p99_ms", Variant(statistics.latency_p99_ms));
  return found;
}

Dictionary Client::Poll() {
  flashhead_event event = FLASHHEAD_EVENT;
  return Told(flashhead_poll_client(client_, &event)) == FLASHHEAD_OK ? Described(event) : Dictionary();
}

int64_t Client::OpenSession(const Dictionary& given) {
  flashhead_session_options what = FLASHHEAD_SESSION_OPTIONS;
  std::string avatar, tier, emotion;
  Options options("open_session", given);
  options.Read("outputs", what.outputs);
  options.Read("avatar", avatar);
  options.Read("tier", tier);
  options.Read("emotion", emotion);
  options.Read("intensity", what.emotion_intensity);
  options.Read("mouth_strength", what.mouth_strength);
  options.Read("size", what.size);
  options.Read("fps", what.fps);
  options.Read("seed", what.seed);
  options.ReadFlag("lower_tier", what.lower_tier);
  if (!options.Done()) {
    Refused(options.error());
    return 0;
  }
  what.avatar = OrNull(avatar);
  what.tier = OrNull(tier);
  what.emotion = OrNull(emotion);
  flashhead_session session = 0;
  Told(flashhead_open(client_, &what, &session));
  return static_cast<int64_t>(session);
}

void Client::CloseSession(int64_t session) {
  ForgetStreams(Session(session));
  Told(flashhead_close(Session(session)));
}

Dictionary Client::GetSessionInfo(int64_t session) const {
  flashhead_session_info info = FLASHHEAD_SESSION_INFO;
  Dictionary found;
  if (Told(flashhead_get_session_info(Session(session), &info)) != FLASHHEAD_OK) return found;
  found.Set("open", Variant(info.open != 0));
  found.Set("outputs", Number(info.outputs));
  found.Set("size", Number(info.size));
  found.Set("fps", Number(info.fps));
  found.Set("reconnects", Number(info.reconnects));
  found.Set("pictures", Number(info.pictures));
  found.Set("weights", Number(info.weights));
  found.Set("retries", Number(info.retries));
  found.Set("tier", Text(info.tier));
  return found;
}

Dictionary Client::PollSession(int64_t session) {
  flashhead_event event = FLASHHEAD_EVENT;
  return Told(flashhead_poll(Session(session), &event)) == FLASHHEAD_OK ? Described(event) : Dictionary();
}

Result Client::SetEmotion(int64_t session, const std::string& emotion, double intensity) {
  return Result(Told(flashhead_set_emotion(Session(session), OrNull(emotion), static_cast<float>(intensity))));
}

Result Client::SetMouthStrength(int64_t session, double strength) {
  return Result(Told(flashhead_set_mouth_strength(Session(session), static_cast<float>(strength))));
}

Result Client::LookAt(int64_t session, double yaw, double pitch) {
  return Result(Told(flashhead_look_at(Session(session), static_cast<float>(yaw), static_cast<float>(pitch))));
}

Result Client::LookFreely(int64_t session) { return Result(Told(flashhead_look_freely(Session(session)))); }

Result Client::Pause(int64_t session, bool paused) { return Result(Told(flashhead_pause(Session(session), paused))); }

int64_t Client::Speak(int64_t session, const Dictionary& given) {
  flashhead_audio audio = FLASHHEAD_AUDIO;
  std::string path;
  Variant array;
  Samples samples;
  Options options("speak", given);
  options.Read("samples", array);
  options.Read("sample_rate_hz", audio.sample_rate_hz);
  options.Read("channels", audio.channels);
  options.Read("path", path);
  options.ReadFlag("streamed", audio.streamed);
  options.ReadFlag("interrupt", audio.interrupt);
  if (path.empty() == (array.type() == GDEXTENSION_VARIANT_TYPE_NIL)) {
    options.Refuse("give either samples (an empty array when all come by push) or path");
  }
  if (path.empty() && !options.Has("sample_rate_hz")) options.Refuse("sample_rate_hz of the samples is missing");
  if (path.empty()) {
    if (const std::string wrong = Read(array, audio.channels, &samples); !wrong.empty()) options.Refuse(wrong);
  }
  if (!options.Done()) {
    Refused(options.error());
    return 0;
  }
  audio.samples = samples.data;
  audio.frames = samples.frames;
  audio.format = samples.format;
  audio.channels = samples.channels;
  audio.path = OrNull(path);
  uint32_t utterance = 0;
  if (Told(flashhead_speak(Session(session), &audio, &utterance)) != FLASHHEAD_OK) return 0;
  if (audio.interrupt) ForgetStreams(Session(session));
  if (audio.streamed) streams_.push_back({Session(session), utterance, audio.format, audio.channels});
  return utterance;
}

Result Client::Push(int64_t session, int64_t utterance, const Variant& given) {
  const auto stream = std::find_if(streams_.begin(), streams_.end(), [&](const Stream& one) {
    return one.session == Session(session) && one.utterance == Utterance(utterance);
  });
  if (stream == streams_.end()) {
    int32_t state = 0;
    const flashhead_result known = Told(flashhead_utterance_state(Session(session), Utterance(utterance), &state));
    if (known != FLASHHEAD_OK) return Result(known);
    Remember("push: this utterance has ended, or was not begun with streamed");
    return Result(FLASHHEAD_ENDED);
  }
  Samples samples;
  if (const std::string wrong = Read(given, stream->channels, &samples); !wrong.empty()) {
    return Result(Refused("push: " + wrong));
  }
  if (samples.format != stream->format || samples.channels != stream->channels) {
    return Result(Refused("push: samples is of another kind than those that this utterance began with"));
  }
  return Result(Told(flashhead_push(Session(session), stream->utterance, samples.data, samples.frames)));
}

Result Client::End(int64_t session, int64_t utterance) {
  const flashhead_result result = Told(flashhead_end(Session(session), Utterance(utterance)));
  if (result != FLASHHEAD_OK) return Result(result);
  streams_.erase(std::remove_if(streams_.begin(), streams_.end(),
                                [&](const Stream& one) {
                                  return one.session == Session(session) && one.utterance == Utterance(utterance);
                                }),
                 streams_.end());
  return Result(FLASHHEAD_OK);
}

Result Client::Cancel(int64_t session, int64_t last_pts_us) {
  ForgetStreams(Session(session));
  return Result(Told(flashhead_cancel(Session(session), last_pts_us)));
}

Result Client::Clock(int64_t session, int64_t utterance, int64_t audio_us, bool playing) {
  return Result(Told(flashhead_clock(Session(session), Utterance(utterance), audio_us, playing)));
}

UtteranceState Client::GetUtteranceState(int64_t session, int64_t utterance) const {
  int32_t state = 0;
  const flashhead_result result = Told(flashhead_utterance_state(Session(session), Utterance(utterance), &state));
  return UtteranceState(result == FLASHHEAD_OK ? state : result);
}

bool Client::AcquireWeights(int64_t session, int64_t utterance, int64_t audio_us) {
  if (Told(flashhead_acquire_weights(Session(session), Utterance(utterance), audio_us, &weights_)) != FLASHHEAD_OK) {
    return false;
  }
  std::copy(std::begin(weights_.arkit), std::end(weights_.arkit), arkit_.Writable());
  std::copy(std::begin(weights_.pose), std::end(weights_.pose), pose_.Writable());
  std::copy(std::begin(weights_.visemes), std::end(weights_.visemes), visemes_.Writable());
  return true;
}

Dictionary Client::GetFrame() const {
  const flashhead_frame& frame = weights_.frame;
  Dictionary found;
  found.Set("utterance", Number(frame.utterance));
  found.Set("epoch", Number(frame.epoch));
  found.Set("flags", Number(frame.flags));
  found.Set("index", Number(frame.index));
  found.Set("pts_us", Number(frame.pts_us));
  found.Set("duration_us", Number(frame.duration_us));
  return found;
}

flashhead_result Client::AcquireVideo(int64_t session, int64_t utterance, int64_t audio_us, flashhead_frame* frame,
                                      void* pixels, size_t pixel_bytes, flashhead::Given* held) {
  return Told(flashhead::AcquireVideo(Session(session), Utterance(utterance), audio_us, frame, pixels, pixel_bytes,
                                      held));
}

std::string Client::GetLastError() { return last_error; }

Dictionary Client::PollLog() {
  char line[1200];
  int32_t level = 0;
  Dictionary found;
  if (flashhead_poll_log(line, sizeof line, &level) != FLASHHEAD_OK) return found;
  found.Set("level", Number(level));
  found.Set("line", Text(line));
  return found;
}

void Client::Shutdown() { Told(flashhead_shutdown()); }

PackedStringArray Client::GetWeightNames() { return Names(flashhead_weight_name); }

PackedStringArray Client::GetVisemeNames() { return Names(flashhead_viseme_name); }

std::string Client::GetVersion() { return flashhead_version(); }

void Client::ForgetStreams(flashhead_session session) {
  streams_.erase(std::remove_if(streams_.begin(), streams_.end(),
                                [session](const Stream& one) { return one.session == session; }),
                 streams_.end());
}

void Client::Register() {
  Class<Client>()
      .Method<&Client::ConnectWorker>("connect_worker", {"options"})
      .Method<&Client::DisconnectWorker>("disconnect_worker")
      .Method<&Client::GetInfo>("get_info")
      .Method<&Client::GetStatistics>("get_statistics")
      .Method<&Client::Poll>("poll")
      .Method<&Client::OpenSession>("open_session", {"options"})
      .Method<&Client::CloseSession>("close_session", {"session"})
      .Method<&Client::GetSessionInfo>("get_session_info", {"session"})
      .Method<&Client::PollSession>("poll_session", {"session"})
      .Method<&Client::SetEmotion>("set_emotion", {"session", "emotion", "intensity"})
      .Method<&Client::SetMouthStrength>("set_mouth_strength", {"session", "strength"})
      .Method<&Client::LookAt>("look_at", {"session", "yaw", "pitch"})
      .Method<&Client::LookFreely>("look_freely", {"session"})
      .Method<&Client::Pause>("pause", {"session", "paused"})
      .Method<&Client::Speak>("speak", {"session", "options"})
      .Method<&Client::Push>("push", {"session", "utterance", "samples"})
      .Method<&Client::End>("end", {"session", "utterance"})
      .Method<&Client::Cancel>("cancel", {"session", "last_pts_us"}, {Variant(int64_t{FLASHHEAD_LAST_ACQUIRED})})
      .Method<&Client::Clock>("clock", {"session", "utterance", "audio_us", "playing"})
      .Method<&Client::GetUtteranceState>("get_utterance_state", {"session", "utterance"})
      .Method<&Client::AcquireWeights>("acquire_weights", {"session", "utterance", "audio_us"})
      .Method<&Client::GetArkit>("get_arkit")
      .Method<&Client::GetPose>("get_pose")
      .Method<&Client::GetVisemes>("get_visemes")
      .Method<&Client::GetFrame>("get_frame")
      .Method<&Client::GetLastError>("get_last_error")
      .Method<&Client::PollLog>("poll_log")
      .Method<&Client::Shutdown>("shutdown")
      .Method<&Client::GetWeightNames>("get_weight_names")
      .Method<&Client::GetVisemeNames>("get_viseme_names")
      .Method<&Client::GetVersion>("get_version")
      .Constant("Result", "OK", FLASHHEAD_OK)
      .Constant("Result", "NOTHING", FLASHHEAD_NOTHING)
      .Constant("Result", "INVALID_ARGUMENT", FLASHHEAD_INVALID_ARGUMENT)
      .Constant("Result", "STALE_HANDLE", FLASHHEAD_STALE_HANDLE)
      .Constant("Result", "UNKNOWN_UTTERANCE", FLASHHEAD_UNKNOWN_UTTERANCE)
      .Constant("Result", "ENDED", FLASHHEAD_ENDED)
      .Constant("Result", "BUSY", FLASHHEAD_BUSY)
      .Constant("Result", "NO_MEMORY", FLASHHEAD_NO_MEMORY)
      .Constant("Result", "INTERNAL", FLASHHEAD_INTERNAL)
      .Constant("Output", "VIDEO", FLASHHEAD_VIDEO, true)
      .Constant("Output", "WEIGHTS", FLASHHEAD_WEIGHTS_60HZ, true)
      .Constant("UtteranceState", "WAITING", FLASHHEAD_WAITING)
      .Constant("UtteranceState", "SPEAKING", FLASHHEAD_SPEAKING)
      .Constant("UtteranceState", "FINISHED", FLASHHEAD_FINISHED)
      .Constant("UtteranceState", "CANCELLED", FLASHHEAD_CANCELLED)
      .Constant("UtteranceState", "FAILED", FLASHHEAD_FAILED)
      .Constant("FrameFlag", "FRAME_IDLE", FLASHHEAD_FRAME_IDLE, true)
      .Constant("FrameFlag", "FRAME_FIRST", FLASHHEAD_FRAME_FIRST, true)
      .Constant("FrameFlag", "FRAME_LAST", FLASHHEAD_FRAME_LAST, true)
      .Constant("EventType", "EVENT_CONNECTED", FLASHHEAD_EVENT_CONNECTED)
      .Constant("EventType", "EVENT_NOT_CONNECTED", FLASHHEAD_EVENT_NOT_CONNECTED)
      .Constant("EventType", "EVENT_LOST", FLASHHEAD_EVENT_LOST)
      .Constant("EventType", "EVENT_OPENED", FLASHHEAD_EVENT_OPENED)
      .Constant("EventType", "EVENT_REOPENED", FLASHHEAD_EVENT_REOPENED)
      .Constant("EventType", "EVENT_CLOSED", FLASHHEAD_EVENT_CLOSED)
      .Constant("EventType", "EVENT_STARTED", FLASHHEAD_EVENT_STARTED)
      .Constant("EventType", "EVENT_FIRST_FRAME", FLASHHEAD_EVENT_FIRST_FRAME)
      .Constant("EventType", "EVENT_FINISHED", FLASHHEAD_EVENT_FINISHED)
      .Constant("EventType", "EVENT_CANCELLED", FLASHHEAD_EVENT_CANCELLED)
      .Constant("EventType", "EVENT_UNDERRUN", FLASHHEAD_EVENT_UNDERRUN)
      .Constant("EventType", "EVENT_WARNING", FLASHHEAD_EVENT_WARNING)
      .Constant("EventType", "EVENT_ERROR", FLASHHEAD_EVENT_ERROR)
      .Constant("LogLevel", "LOG_INFO", FLASHHEAD_LOG_INFO)
      .Constant("LogLevel", "LOG_WARNING", FLASHHEAD_LOG_WARNING)
      .Constant("LogLevel", "LOG_ERROR", FLASHHEAD_LOG_ERROR)
      .Constant("", "LAST_ACQUIRED", FLASHHEAD_LAST_ACQUIRED);
}

}  // namespace flashhead_godot
