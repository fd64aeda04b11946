// The control messages of docs/protocol.md: what a client sends as bytes, what a worker sends as values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace flashhead {

constexpr uint32_t kProtocol = 1;
constexpr size_t kMaxMessageBytes = size_t{16} << 20;

// --- from the client; ranges are checked before one is made -------------------------------------------------------

struct OpenSettings {
  std::string avatar;
  std::string tier = "nano";
  bool video = false;
  bool blendshapes = true;
  uint32_t size = 512;
  uint32_t fps = 25;
  uint64_t seed = 0;
  std::string emotion = "neutral";
  double emotion_intensity = 1.0;
  double mouth_strength = 1.0;
  bool frames_as_messages = false;
  bool lower_tier = false;
};

struct SpeakSettings {
  uint32_t sample_rate_hz = 16000;
  uint32_t channels = 1;
  bool int16 = false;
  std::string path;  // of a file that the worker reads, instead of samples
};

struct SetSettings {
  std::optional<std::string> emotion;
  std::optional<double> emotion_intensity;
  std::optional<double> mouth_strength;
};

struct Gaze {
  double yaw = 0.0;
  double pitch = 0.0;
};

std::string EncodeHello(const std::string& token, const std::string& client);
std::string EncodeOpen(uint32_t request, const OpenSettings& settings);
std::string EncodeSpeak(uint32_t session, uint32_t utterance, const SpeakSettings& settings, bool end);
std::string EncodeAudio(uint32_t session, uint32_t utterance, bool end);
std::string EncodeCancel(uint32_t session, int64_t last_pts_us);
std::string EncodeClock(uint32_t session, uint32_t utterance, int64_t audio_us, bool playing);
std::string EncodeSet(uint32_t session, const SetSettings& settings);
std::string EncodeLook(uint32_t session, const std::optional<Gaze>& gaze);  // without a gaze: look freely
std::string EncodePause(uint32_t session, bool paused);
std::string EncodeClose(uint32_t session);
std::string EncodeStatus(uint32_t request);
std::string EncodePing();

// --- from the worker ----------------------------------------------------------------------------------------------

struct RingInfo {
  std::string name;
  uint64_t generation = 0;
};

struct Welcome {
  std::string worker;
  uint32_t protocol = 0;
  std::string version;
  uint32_t pid = 0;
  std::vector<std::string> tiers;
};

struct Opened {
  uint32_t request = 0;
  uint32_t session = 0;
  std::string tier;
  std::optional<RingInfo> weights;
  std::optional<RingInfo> video;
};

struct Started {
  uint32_t session = 0;
  uint32_t utterance = 0;
  uint32_t epoch = 0;
};

struct FirstFrame {
  uint32_t session = 0;
  uint32_t utterance = 0;
  uint32_t epoch = 0;
  int64_t latency_us = 0;
};

struct Finished {
  uint32_t session = 0;
  uint32_t utterance = 0;
  uint32_t epoch = 0;
};

struct Cancelled {
  uint32_t session = 0;
  uint32_t epoch = 0;
  std::vector<uint32_t> utterances;
};

struct Underrun {
  uint32_t session = 0;
  uint32_t utterance = 0;
  int64_t pts_us = 0;
  std::string cause;
};

struct Warning {
  uint32_t session = 0;
  std::string code;
  std::string message;
};

struct Error {
  std::string code;
  std::string message;
  uint32_t request = 0;
  uint32_t session = 0;
  uint32_t utterance = 0;
};

struct Closed {
  uint32_t session = 0;
  std::string reason;
};

struct Frame {
  uint32_t session = 0;
  std::string track;
  uint32_t utterance = 0;
  uint32_t epoch = 0;
  uint32_t index = 0;
  int64_t pts_us = 0;
  uint32_t duration_us = 0;
  uint32_t flags = 0;
};

struct SessionStatus {
  uint32_t session = 0;
  std::string client;
  std::string avatar;
  std::string tier;
  std::string state;
  double fps = 0.0;
  uint32_t late = 0;
  double share = 0.0;
};

struct Statistics {
  uint32_t request = 0;
  double uptime_s = 0.0;
  double load = 0.0;
  uint64_t memory_bytes = 0;
  double latency_p50_ms = 0.0;
  double latency_p99_ms = 0.0;
  std::vector<SessionStatus> sessions;
};

struct Pong {};

using FromWorker = std::variant<Welcome, Opened, Started, FirstFrame, Finished, Cancelled, Underrun, Warning, Error,
                                Closed, Frame, Statistics, Pong>;

// The message in these bytes; nothing, and why in `problem`, when they are no message of a worker. Fields that are
// not known are ignored, every other one is checked for its type and range. Never throws but for want of memory.
std::optional<FromWorker> DecodeFromWorker(const void* data, size_t bytes, std::string* problem);

}  // namespace flashhead
