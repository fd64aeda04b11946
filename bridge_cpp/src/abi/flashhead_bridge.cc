// The C header's functions: arguments are checked here, nothing is thrown beyond, the rest is src/core's.
#include "flashhead_bridge.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <mutex>
#include <new>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "abi/ahead.h"
#include "abi/handles.h"
#include "core/connection.h"
#include "core/failure.h"
#include "core/log.h"
#include "core/session.h"
#include "core/utf8.h"

namespace flashhead {
namespace {

constexpr size_t kNameCharacters = 64;
constexpr size_t kTextCharacters = 4096;
constexpr uint64_t kMostAudioBytes = uint64_t{1} << 30;  // of one call

struct OpenSession {
  flashhead_client client;
  std::shared_ptr<Session> session;
};

// Everything that is open. Never destroyed: a program may end while threads of it still call.
struct Library {
  Handles<Connection, 1> clients;
  Handles<OpenSession, 2> sessions;
  std::mutex ending_mutex;
  std::vector<std::shared_ptr<Connection>> ending;  // whose threads have not ended yet
};

Library& TheLibrary() {
  static auto* library = new Library;
  return *library;
}

// No std::string: a destructor that waits for its thread's end would keep an engine from unloading the library.
thread_local char last_error[1024];

template <size_t kSize>
void Put(char (&field)[kSize], std::string_view text) {
  size_t length = std::min(text.size(), kSize - 1);
  // Never half a character.
  while (length < text.size() && length > 0 && (static_cast<uint8_t>(text[length]) & 0xC0) == 0x80) --length;
  std::memcpy(field, text.data(), length);
  field[length] = '\0';
}

[[noreturn]] void Invalid(const std::string& what) { throw Failure(FLASHHEAD_INVALID_ARGUMENT, what); }

// Runs a call; whatever goes wrong becomes a result and a message.
template <typename Call>
flashhead_result Guarded(Call call) noexcept {
  try {
    last_error[0] = '\0';
    return call();
  } catch (const Failure& failure) {
    Put(last_error, failure.what());
    return failure.result;
  } catch (const std::bad_alloc&) {
    Put(last_error, "no memory is left");
    return FLASHHEAD_NO_MEMORY;
  } catch (const std::exception& error) {
    Put(last_error, error.what());
    return FLASHHEAD_INTERNAL;
  } catch (...) {
    Put(last_error, "an unknown fault");
    return FLASHHEAD_INTERNAL;
  }
}

// A struct of a caller: not null, and of this header's size.
template <typename T>
T& Checked(T* given, const char* name) {
  if (given == nullptr) Invalid(std::string(name) + " is a null pointer");
  if (given->struct_size != sizeof(T)) {
    throw Failure(FLASHHEAD_WRONG_STRUCT_SIZE,
                  std::string(name) + ": struct_size is " + std::to_string(given->struct_size) + ", this library has " +
                      std::to_string(sizeof(T)) + ": fill it with its initialiser, and build with this library's header");
  }
  return *given;
}

void NotNull(const void* pointer, const char* name) {
  if (pointer == nullptr) Invalid(std::string(name) + " is a null pointer");
}

std::string Text(const char* text, const char* name, size_t most = kTextCharacters) {
  if (text == nullptr) return {};
  const auto characters = Utf8Characters(text);
  if (!characters) Invalid(std::string(name) + " is not UTF-8");
  if (*characters > most) Invalid(std::string(name) + " has more than " + std::to_string(most) + " characters");
  return text;
}

double InRange(float value, float least, float most, const char* name) {
  if (!(value >= least && value <= most)) {
    Invalid(std::string(name) + " is " + std::to_string(value) + ": must be from " + std::to_string(least) + " to " +
            std::to_string(most));
  }
  return value;
}

std::shared_ptr<Connection> Client(flashhead_client handle) {
  auto found = TheLibrary().clients.Get(handle);
  if (found == nullptr) throw Failure(FLASHHEAD_STALE_HANDLE, "this client is not connected (any more)");
  return found;
}

std::shared_ptr<Session> SessionOf(flashhead_session handle) {
  const auto found = TheLibrary().sessions.Get(handle);
  if (found == nullptr) throw Failure(FLASHHEAD_STALE_HANDLE, "this session is not open (any more)");
  return found->session;
}

void PutEvent(const Event& from, flashhead_event* to) {
  to->type = from.type;
  to->utterance = from.utterance;
  to->epoch = from.epoch;
  to->pts_us = from.pts_us;
  to->latency_us = from.latency_us;
  Put(to->code, from.code);
  Put(to->message, from.message);
}

void PutFrame(const SlotInfo& from, uint32_t side, flashhead_frame* to) {
  to->utterance = from.utterance;
  to->epoch = from.epoch;
  to->flags = from.flags;
  to->index = from.index;
  to->pts_us = from.pts_us;
  to->duration_us = from.duration_us;
  to->width = to->height = side;
}

void CheckSamples(const void* samples, uint64_t frames, uint64_t sample_bytes) {
  if (frames > 0) NotNull(samples, "samples");
  if (frames > kMostAudioBytes / sample_bytes) Invalid("frames: at most 1 GiB of samples in one call");
}

SpeakSettings SpeakOf(const flashhead_audio& audio) {
  if (audio.format != FLASHHEAD_FLOAT32 && audio.format != FLASHHEAD_INT16) {
    Invalid("format: FLASHHEAD_FLOAT32 or FLASHHEAD_INT16");
  }
  if (audio.sample_rate_hz < 4000 || audio.sample_rate_hz > 192000) Invalid("sample_rate_hz: 4000 to 192000");
  if (audio.channels < 1 || audio.channels > 8) Invalid("channels: 1 to 8");
  SpeakSettings speak{audio.sample_rate_hz, audio.channels, audio.format == FLASHHEAD_INT16, Text(audio.path, "path")};
  if (!speak.path.empty() && (audio.frames > 0 || audio.streamed != 0)) Invalid("give a path, or samples");
  CheckSamples(audio.samples, audio.frames, (speak.int16 ? 2 : 4) * speak.channels);
  return speak;
}

OpenSettings OpenOf(const flashhead_session_options& options) {
  if (options.outputs == 0 || options.outputs > (FLASHHEAD_VIDEO | FLASHHEAD_WEIGHTS_60HZ)) {
    Invalid("outputs: FLASHHEAD_VIDEO, FLASHHEAD_WEIGHTS_60HZ, or both");
  }
  OpenSettings settings;
  settings.avatar = Text(options.avatar, "avatar");
  if (options.tier != nullptr) settings.tier = Text(options.tier, "tier", kNameCharacters);
  if (options.emotion != nullptr) settings.emotion = Text(options.emotion, "emotion", kNameCharacters);
  settings.video = (options.outputs & FLASHHEAD_VIDEO) != 0;
  settings.blendshapes = (options.outputs & FLASHHEAD_WEIGHTS_60HZ) != 0;
  if (settings.video && settings.avatar.empty()) Invalid("avatar: video needs one, such as \"guard\"");
  if (options.size < 256 || options.size > 1024 || options.size % 32 != 0) {
    Invalid("size: 256 to 1024 pixels, a multiple of 32");
  }
  if (options.fps != 24 && options.fps != 25 && options.fps != 30 && options.fps != 60) {
    Invalid("fps: 24, 25, 30 or 60");
  }
  if (options.seed > INT64_MAX) Invalid("seed: below 2^63");
  settings.size = options.size;
  settings.fps = options.fps;
  settings.seed = options.seed;
  settings.emotion_intensity = InRange(options.emotion_intensity, 0, 1, "emotion_intensity");
  settings.mouth_strength = InRange(options.mouth_strength, 0, 2, "mouth_strength");
  settings.lower_tier = options.lower_tier != 0;
  settings.frames_as_messages = options.frames_as_messages != 0;
  return settings;
}

// Those whose thread has ended; with `all`, wait for the others too.
void BuryEnded(bool all) {
  auto& library = TheLibrary();
  std::vector<std::shared_ptr<Connection>> ended;
  {
    std::lock_guard lock(library.ending_mutex);
    auto& ending = library.ending;
    const auto first = std::partition(ending.begin(), ending.end(),
                                      [all](const auto& one) { return !all && !one->Ended(); });
    ended.assign(std::make_move_iterator(first), std::make_move_iterator(ending.end()));
    ending.erase(first, ending.end());
  }
  // Their destructors join the threads, here, without the lock.
}

void Disconnect(flashhead_client handle) {
  auto& library = TheLibrary();
  const auto connection = library.clients.Remove(handle);
  if (connection == nullptr) throw Failure(FLASHHEAD_STALE_HANDLE, "this client is not connected (any more)");
  for (const uint64_t session : library.sessions.All()) {
    const auto open = library.sessions.Get(session);
    if (open != nullptr && open->client == handle) library.sessions.Remove(session);
  }
  connection->Stop();
  {
    std::lock_guard lock(library.ending_mutex);
    library.ending.push_back(connection);
  }
  BuryEnded(false);
}

}  // namespace

flashhead_result AcquireVideo(flashhead_session session, uint32_t utterance, int64_t audio_us, flashhead_frame* given,
                              void* pixels, size_t pixel_bytes, Given* held) {
  return Guarded([&] {
    auto& frame = Checked(given, "frame");
    if (pixel_bytes > 0) NotNull(pixels, "pixels");
    const auto open = SessionOf(session);
    SlotInfo info;
    const Shown shown = open->Video(utterance, audio_us, &info, pixels, pixel_bytes, held);
    if (shown == Shown::kNothing) return FLASHHEAD_NOTHING;
    PutFrame(info, open->side(), &frame);
    if (shown == Shown::kTooSmall) {
      throw Failure(FLASHHEAD_BUFFER_TOO_SMALL, "pixel_bytes is " + std::to_string(pixel_bytes) +
                                                    ": width x height x 4 bytes are needed");
    }
    return FLASHHEAD_OK;
  });
}

bool ReadVideoAhead(flashhead_session session, uint32_t utterance, int64_t audio_us, void* pixels, size_t pixel_bytes,
                    Given* held) {
  bool read = false;
  Guarded([&] {
    read = SessionOf(session)->VideoAhead(utterance, audio_us, pixels, pixel_bytes, held);
    return FLASHHEAD_OK;
  });
  return read;
}

}  // namespace flashhead

using namespace flashhead;

extern "C" {

const char* flashhead_last_error(void) { return last_error; }

const char* flashhead_version(void) { return FLASHHEAD_VERSION_TEXT; }

uint32_t flashhead_abi(void) { return FLASHHEAD_ABI; }

flashhead_result flashhead_connect(const flashhead_connect_options* given, flashhead_client* client) {
  return Guarded([&] {
    const auto& options = Checked(given, "options");
    NotNull(client, "client");
    *client = 0;
    std::vector<std::string> program;
    if (options.program_words > 0) NotNull(options.program, "program");
    if (options.program_words > 64) Invalid("program_words: at most 64");
    for (uint32_t i = 0; i < options.program_words; ++i) {
      NotNull(options.program[i], "a word of program");
      program.push_back(Text(options.program[i], "a word of program"));
    }
    std::string endpoint = Text(options.endpoint, "endpoint");
    if (!program.empty() && !endpoint.empty()) Invalid("give a program to launch, or the endpoint of one that runs");
    if (!program.empty() && program.front().empty()) Invalid("program: its first word is empty");
    BuryEnded(false);
    *client = TheLibrary().clients.Add(
        std::make_shared<Connection>(LocateRunning(std::move(endpoint), Text(options.token, "token")),
                                     std::move(program), Text(options.name, "name", kNameCharacters)));
    return FLASHHEAD_OK;
  });
}

flashhead_result flashhead_disconnect(flashhead_client client) {
  return Guarded([&] {
    Disconnect(client);
    return FLASHHEAD_OK;
  });
}

flashhead_result flashhead_shutdown(void) {
  return Guarded([] {
    for (const uint64_t client : TheLibrary().clients.All()) {
      try {
        Disconnect(client);
      } catch (const Failure&) {  // by another thread, meanwhile
      }
    }
    BuryEnded(true);
    return FLASHHEAD_OK;
  });
}

flashhead_result flashhead_get_client_info(flashhead_client client, flashhead_client_info* given) {
  return Guarded([&] {
    auto& info = Checked(given, "info");
    const ClientState state = Client(client)->State();
    info.connected = state.connected;
    info.worker_pid = state.worker_pid;
    info.reconnects = state.reconnects;
    Put(info.worker_version, state.worker_version);
    Put(info.tiers, state.tiers);
    return FLASHHEAD_OK;
  });
}

flashhead_result flashhead_open(flashhead_client client, const flashhead_session_options* given,
                                flashhead_session* session) {
  return Guarded([&] {
    const auto& options = Checked(given, "options");
    NotNull(session, "session");
    *session = 0;
    auto connection = Client(client);
    auto opened = std::make_shared<Session>(std::move(connection), OpenOf(options));
    *session = TheLibrary().sessions.Add(std::make_shared<OpenSession>(OpenSession{client, std::move(opened)}));
    return FLASHHEAD_OK;
  });
}

flashhead_result flashhead_close(flashhead_session session) {
  return Guarded([&] {
    SessionOf(session)->Close();
    TheLibrary().sessions.Remove(session);
    return FLASHHEAD_OK;
  });
}

flashhead_result flashhead_set_emotion(flashhead_session session, const char* emotion, float intensity) {
  return Guarded([&] {
    NotNull(emotion, "emotion");
    SetSettings change;
    change.emotion = Text(emotion, "emotion", kNameCharacters);
    change.emotion_intensity = InRange(intensity, 0, 1, "intensity");
    SessionOf(session)->Set(change);
    return FLASHHEAD_OK;
  });
}

flashhead_result flashhead_set_mouth_strength(flashhead_session session, float strength) {
  return Guarded([&] {
    SetSettings change;
    change.mouth_strength = InRange(strength, 0, 2, "strength");
    SessionOf(session)->Set(change);
    return FLASHHEAD_OK;
  });
}

flashhead_result flashhead_look_at(flashhead_session session, float yaw, float pitch) {
  return Guarded([&] {
    SessionOf(session)->Look(Gaze{InRange(yaw, -1, 1, "yaw"), InRange(pitch, -1, 1, "pitch")});
    return FLASHHEAD_OK;
  });
}

flashhead_result flashhead_look_freely(flashhead_session session) {
  return Guarded([&] {
    SessionOf(session)->Look(std::nullopt);
    return FLASHHEAD_OK;
  });
}

flashhead_result flashhead_pause(flashhead_session session, int32_t paused) {
  return Guarded([&] {
    SessionOf(session)->Pause(paused != 0);
    return FLASHHEAD_OK;
  });
}

flashhead_result flashhead_speak(flashhead_session session, const flashhead_audio* given, uint32_t* utterance) {
  return Guarded([&] {
    const auto& audio = Checked(given, "audio");
    NotNull(utterance, "utterance");
    *utterance = 0;
    const SpeakSettings speak = SpeakOf(audio);
    *utterance = SessionOf(session)->Speak(speak, audio.samples, audio.frames, audio.streamed != 0,
                                           audio.interrupt != 0);
    return FLASHHEAD_OK;
  });
}

flashhead_result flashhead_push(flashhead_session session, uint32_t utterance, const void* samples, uint64_t frames) {
  return Guarded([&] {
    CheckSamples(samples, frames, 4 * 8);
    const auto open = SessionOf(session);
    if (frames > 0) open->Push(utterance, samples, frames, false);
    return FLASHHEAD_OK;
  });
}

flashhead_result flashhead_end(flashhead_session session, uint32_t utterance) {
  return Guarded([&] {
    SessionOf(session)->Push(utterance, nullptr, 0, true);
    return FLASHHEAD_OK;
  });
}

flashhead_result flashhead_cancel(flashhead_session session, int64_t last_pts_us) {
  return Guarded([&] {
    const bool last_acquired = last_pts_us == FLASHHEAD_LAST_ACQUIRED;
    SessionOf(session)->Cancel(last_acquired ? std::nullopt : std::optional(last_pts_us));
    return FLASHHEAD_OK;
  });
}

flashhead_result flashhead_clock(flashhead_session session, uint32_t utterance, int64_t audio_us, int32_t playing) {
  return Guarded([&] {
    SessionOf(session)->Clock(utterance, audio_us, playing != 0);
    return FLASHHEAD_OK;
  });
}

flashhead_result flashhead_utterance_state(flashhead_session session, uint32_t utterance, int32_t* state) {
  return Guarded([&] {
    NotNull(state, "state");
    *state = SessionOf(session)->StateOf(utterance);
    return FLASHHEAD_OK;
  });
}

flashhead_result flashhead_acquire_video(flashhead_session session, uint32_t utterance, int64_t audio_us,
                                         flashhead_frame* given, void* pixels, size_t pixel_bytes) {
  return AcquireVideo(session, utterance, audio_us, given, pixels, pixel_bytes, nullptr);
}

flashhead_result flashhead_acquire_weights(flashhead_session session, uint32_t utterance, int64_t audio_us,
                                           flashhead_weights* given) {
  return Guarded([&] {
    auto& weights = Checked(given, "weights");
    Checked(&weights.frame, "weights.frame");
    SlotInfo info;
    WeightsPayload payload;
    if (SessionOf(session)->Weights(utterance, audio_us, &info, &payload) != Shown::kNew) return FLASHHEAD_NOTHING;
    PutFrame(info, 0, &weights.frame);
    std::memcpy(weights.arkit, payload.arkit, sizeof payload.arkit);
    std::memcpy(weights.pose, payload.pose, sizeof payload.pose);
    std::memcpy(weights.visemes, payload.visemes, sizeof payload.visemes);
    return FLASHHEAD_OK;
  });
}

flashhead_result flashhead_get_session_info(flashhead_session session, flashhead_session_info* given) {
  return Guarded([&] {
    auto& info = Checked(given, "info");
    const SessionState state = SessionOf(session)->State();
    info.open = state.open;
    info.outputs = (state.settings.video ? FLASHHEAD_VIDEO : 0) |
                   (state.settings.blendshapes ? FLASHHEAD_WEIGHTS_60HZ : 0);
    info.size = state.settings.size;
    info.fps = state.settings.fps;
    info.reconnects = state.reconnects;
    info.pictures = state.pictures;
    info.weights = state.weights;
    info.retries = state.retries;
    Put(info.tier, state.tier);
    return FLASHHEAD_OK;
  });
}

flashhead_result flashhead_poll(flashhead_session session, flashhead_event* given) {
  return Guarded([&] {
    auto& event = Checked(given, "event");
    Event next;
    if (!SessionOf(session)->NextEvent(&next)) return FLASHHEAD_NOTHING;
    PutEvent(next, &event);
    return FLASHHEAD_OK;
  });
}

flashhead_result flashhead_poll_client(flashhead_client client, flashhead_event* given) {
  return Guarded([&] {
    auto& event = Checked(given, "event");
    Event next;
    if (!Client(client)->NextEvent(&next)) return FLASHHEAD_NOTHING;
    PutEvent(next, &event);
    return FLASHHEAD_OK;
  });
}

flashhead_result flashhead_get_statistics(flashhead_client client, flashhead_statistics* given) {
  return Guarded([&] {
    auto& statistics = Checked(given, "statistics");
    const auto last = Client(client)->LastStatistics();
    if (!last) return FLASHHEAD_NOTHING;
    statistics.sessions = static_cast<uint32_t>(last->sessions.size());
    statistics.uptime_s = last->uptime_s;
    statistics.load = last->load;
    statistics.memory_bytes = last->memory_bytes;
    statistics.latency_p50_ms = last->latency_p50_ms;
    statistics.latency_p99_ms = last->latency_p99_ms;
    return FLASHHEAD_OK;
  });
}

flashhead_result flashhead_poll_log(char* line, size_t bytes, int32_t* level) {
  return Guarded([&] {
    NotNull(line, "line");
    NotNull(level, "level");
    if (bytes == 0) Invalid("bytes is 0");
    std::string next;
    if (!NextLogLine(&next, level)) return FLASHHEAD_NOTHING;
    const size_t length = std::min(next.size(), bytes - 1);
    std::memcpy(line, next.data(), length);
    line[length] = '\0';
    return FLASHHEAD_OK;
  });
}

}  // extern "C"
