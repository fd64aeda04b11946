#include "core/messages.h"

#include <msgpack.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <string_view>

#include "core/utf8.h"

namespace flashhead {
namespace {

constexpr size_t kNameCharacters = 64;
constexpr size_t kTextCharacters = 4096;
constexpr size_t kMaxItems = 65536;       // of an array, against senseless work
constexpr size_t kMaxMapBytes = 1 << 20;  // of a message's map: statistics of thousands of sessions

// --- encoding -----------------------------------------------------------------------------------------------------

// One msgpack map whose number of fields is known only in the end.
class MapWriter {
 public:
  explicit MapWriter(std::string_view type) {
    msgpack_sbuffer_init(&buffer_);
    msgpack_packer_init(&packer_, &buffer_, msgpack_sbuffer_write);
    Text("type", type);
  }
  ~MapWriter() { msgpack_sbuffer_destroy(&buffer_); }
  MapWriter(const MapWriter&) = delete;
  MapWriter& operator=(const MapWriter&) = delete;

  MapWriter& Text(std::string_view name, std::string_view value) {
    Key(name);
    String(value);
    return *this;
  }
  MapWriter& Unsigned(std::string_view name, uint64_t value) {
    Key(name);
    msgpack_pack_uint64(&packer_, value);
    return *this;
  }
  MapWriter& Signed(std::string_view name, int64_t value) {
    Key(name);
    msgpack_pack_int64(&packer_, value);
    return *this;
  }
  MapWriter& Real(std::string_view name, double value) {
    Key(name);
    msgpack_pack_double(&packer_, value);
    return *this;
  }
  MapWriter& Boolean(std::string_view name, bool value) {
    Key(name);
    value ? msgpack_pack_true(&packer_) : msgpack_pack_false(&packer_);
    return *this;
  }
  MapWriter& Texts(std::string_view name, const std::vector<std::string_view>& values) {
    Key(name);
    msgpack_pack_array(&packer_, values.size());
    for (const auto value : values) String(value);
    return *this;
  }

  // No message of a client has more than 15 fields, which one byte says.
  std::string Bytes() const {
    return std::string(1, static_cast<char>(0x80 | fields_)) + std::string(buffer_.data, buffer_.size);
  }

 private:
  void Key(std::string_view name) {
    ++fields_;
    String(name);
  }
  void String(std::string_view value) {
    msgpack_pack_str(&packer_, value.size());
    msgpack_pack_str_body(&packer_, value.data(), value.size());
  }

  msgpack_sbuffer buffer_;
  msgpack_packer packer_;
  unsigned fields_ = 0;
};

// --- decoding -----------------------------------------------------------------------------------------------------

// Fields of a map, each checked. After the first problem it answers with empty values; `problem` names it.
class MapReader {
 public:
  MapReader(const msgpack_object_map& map, std::string* problem) : map_(map), problem_(problem) {}

  bool Sound() const { return problem_->empty(); }

  std::string Name(const char* name) { return Text(name, kNameCharacters); }
  std::string Text(const char* name) { return Text(name, kTextCharacters); }

  uint32_t Number(const char* name) {
    return static_cast<uint32_t>(Unsigned(Needed(name), name, std::numeric_limits<uint32_t>::max()));
  }
  uint32_t NumberOr0(const char* name) {
    const auto* value = Find(name);
    return value == nullptr ? 0
                            : static_cast<uint32_t>(Unsigned(value, name, std::numeric_limits<uint32_t>::max()));
  }
  uint64_t Large(const char* name) { return Unsigned(Needed(name), name, std::numeric_limits<uint64_t>::max()); }

  int64_t Time(const char* name) {
    const auto* value = Needed(name);
    if (value == nullptr) return 0;
    if (value->type == MSGPACK_OBJECT_NEGATIVE_INTEGER) return value->via.i64;
    return static_cast<int64_t>(Unsigned(value, name, std::numeric_limits<int64_t>::max()));
  }

  double Real(const char* name) {
    const auto* value = Needed(name);
    if (value == nullptr) return 0.0;
    switch (value->type) {
      case MSGPACK_OBJECT_FLOAT32:
      case MSGPACK_OBJECT_FLOAT64:
        return value->via.f64;
      case MSGPACK_OBJECT_POSITIVE_INTEGER:
        return static_cast<double>(value->via.u64);
      case MSGPACK_OBJECT_NEGATIVE_INTEGER:
        return static_cast<double>(value->via.i64);
      default:
        return Fail(name, "is no number"), 0.0;
    }
  }

  std::vector<uint32_t> Numbers(const char* name) {
    std::vector<uint32_t> numbers;
    Each(name, [&](const msgpack_object& item) {
      numbers.push_back(static_cast<uint32_t>(Unsigned(&item, name, std::numeric_limits<uint32_t>::max())));
    });
    return numbers;
  }

  std::vector<std::string> Names(const char* name) {
    std::vector<std::string> names;
    Each(name, [&](const msgpack_object& item) { names.push_back(Text(&item, name, kNameCharacters)); });
    return names;
  }

  std::optional<RingInfo> Ring(const char* name) {
    const auto* value = Find(name);
    if (value == nullptr || value->type == MSGPACK_OBJECT_NIL) return std::nullopt;
    if (value->type != MSGPACK_OBJECT_MAP) return Fail(name, "is no map"), std::nullopt;
    MapReader ring(value->via.map, problem_);
    RingInfo info;
    info.name = ring.Name("name");
    info.generation = ring.Large("generation");
    return info;
  }

  template <typename Read>
  void Maps(const char* name, Read read) {
    Each(name, [&](const msgpack_object& item) {
      if (item.type != MSGPACK_OBJECT_MAP) return Fail(name, "holds something that is no map");
      read(MapReader(item.via.map, problem_));
    });
  }

 private:
  void Fail(const char* name, const char* what) {
    if (problem_->empty()) *problem_ = std::string("the field '") + name + "' " + what;
  }

  // The last one of this name, as other decoders take it.
  const msgpack_object* Find(const char* name) const {
    const std::string_view wanted(name);
    for (uint32_t i = map_.size; i-- > 0;) {
      const auto& key = map_.ptr[i].key;
      if (key.type == MSGPACK_OBJECT_STR && std::string_view(key.via.str.ptr, key.via.str.size) == wanted) {
        return &map_.ptr[i].val;
      }
    }
    return nullptr;
  }

  const msgpack_object* Needed(const char* name) {
    const auto* value = Find(name);
    if (value == nullptr) Fail(name, "is missing");
    return value;
  }

  std::string Text(const char* name, size_t characters) { return Text(Needed(name), name, characters); }

  std::string Text(const msgpack_object* value, const char* name, size_t characters) {
    if (value == nullptr) return {};
    if (value->type != MSGPACK_OBJECT_STR) return Fail(name, "is no text"), std::string();
    const std::string_view text(value->via.str.ptr, value->via.str.size);
    const auto count = Utf8Characters(text);
    if (!count) return Fail(name, "is not UTF-8"), std::string();
    if (*count > characters) return Fail(name, "is too long"), std::string();
    return std::string(text);
  }

  uint64_t Unsigned(const msgpack_object* value, const char* name, uint64_t largest) {
    if (value == nullptr) return 0;
    if (value->type != MSGPACK_OBJECT_POSITIVE_INTEGER) return Fail(name, "is no number from 0 on"), 0;
    if (value->via.u64 > largest) return Fail(name, "is too large"), 0;
    return value->via.u64;
  }

  template <typename Take>
  void Each(const char* name, Take take) {
    const auto* value = Needed(name);
    if (value == nullptr) return;
    if (value->type != MSGPACK_OBJECT_ARRAY) return Fail(name, "is no array");
    if (value->via.array.size > kMaxItems) return Fail(name, "has too many items");
    for (uint32_t i = 0; i < value->via.array.size && Sound(); ++i) take(value->via.array.ptr[i]);
  }

  const msgpack_object_map& map_;
  std::string* problem_;
};

// Members are read in the order in which they stand in braces.
FromWorker ReadMessage(const std::string& type, MapReader in, std::string* problem) {
  if (type == "welcome") {
    return Welcome{in.Name("worker"), in.Number("protocol"), in.Name("version"), in.Number("pid"), in.Names("tiers")};
  }
  if (type == "opened") {
    return Opened{in.Number("request"), in.Number("session"), in.Name("tier"), in.Ring("weights"), in.Ring("video")};
  }
  if (type == "started") return Started{in.Number("session"), in.Number("utterance"), in.Number("epoch")};
  if (type == "first_frame") {
    return FirstFrame{in.Number("session"), in.Number("utterance"), in.Number("epoch"), in.Time("latency_us")};
  }
  if (type == "finished") return Finished{in.Number("session"), in.Number("utterance"), in.Number("epoch")};
  if (type == "cancelled") return Cancelled{in.Number("session"), in.Number("epoch"), in.Numbers("utterances")};
  if (type == "underrun") {
    return Underrun{in.Number("session"), in.Number("utterance"), in.Time("pts_us"), in.Name("cause")};
  }
  if (type == "warning") return Warning{in.Number("session"), in.Name("code"), in.Text("message")};
  if (type == "error") {
    return Error{in.Name("code"), in.Text("message"), in.NumberOr0("request"), in.NumberOr0("session"),
                 in.NumberOr0("utterance")};
  }
  if (type == "closed") return Closed{in.Number("session"), in.Name("reason")};
  if (type == "frame") {
    return Frame{in.Number("session"), in.Name("track"),  in.Number("utterance"),   in.Number("epoch"),
                 in.Number("index"),   in.Time("pts_us"), in.Number("duration_us"), in.Number("flags")};
  }
  if (type == "statistics") {
    Statistics it{in.Number("request"),      in.Real("uptime_s"),       in.Real("load"), in.Large("memory_bytes"),
                  in.Real("latency_p50_ms"), in.Real("latency_p99_ms"), {}};
    in.Maps("sessions", [&](MapReader one) {
      it.sessions.push_back({one.Number("session"), one.Name("client"), one.Text("avatar"), one.Name("tier"),
                             one.Name("state"), one.Real("fps"), one.Number("late"), one.Real("share")});
    });
    return it;
  }
  if (type != "pong" && problem->empty()) *problem = "no message of a worker has the type '" + type + "'";
  return Pong{};
}

// Whether no array or map says that it has more items than there are bytes: msgpack-c takes memory for all that are
// announced before it looks for them. A walk over the items, whatever lies in what.
bool HoldsWhatItAnnounces(const uint8_t* data, size_t bytes) {
  const auto big_endian = [&](size_t at, size_t length) {
    uint64_t value = 0;
    for (size_t i = 0; i < length && at + i < bytes; ++i) value = value << 8 | data[at + i];
    return value;
  };
  for (size_t at = 0; at < bytes;) {
    const uint8_t type = data[at];
    uint64_t items = 0, skipped = 1;
    if (type >= 0x80 && type < 0xA0) {  // small map, small array
      items = type & 0x0F;
    } else if (type >= 0xA0 && type < 0xC0) {  // short text
      skipped += type & 0x1F;
    } else if (type >= 0xC4 && type <= 0xC6) {  // bytes
      skipped += (1u << (type - 0xC4)) + big_endian(at + 1, 1u << (type - 0xC4));
    } else if (type >= 0xC7 && type <= 0xC9) {  // extension
      skipped += (1u << (type - 0xC7)) + 1 + big_endian(at + 1, 1u << (type - 0xC7));
    } else if (type == 0xCA || type == 0xCB) {  // float, double
      skipped += type == 0xCA ? 4 : 8;
    } else if (type >= 0xCC && type <= 0xD3) {  // numbers
      skipped += 1u << ((type - 0xCC) % 4);
    } else if (type >= 0xD4 && type <= 0xD8) {  // extension of a fixed size
      skipped += 1 + (1u << (type - 0xD4));
    } else if (type >= 0xD9 && type <= 0xDB) {  // text
      skipped += (1u << (type - 0xD9)) + big_endian(at + 1, 1u << (type - 0xD9));
    } else if (type >= 0xDC && type <= 0xDF) {  // array, map
      const size_t length = type % 2 == 0 ? 2 : 4;
      skipped += length;
      items = big_endian(at + 1, length);
    }
    if (items > bytes - at || skipped > bytes - at) return false;
    at += skipped;
  }
  return true;
}

struct Unpacked {
  Unpacked() { msgpack_unpacked_init(&it); }
  ~Unpacked() { msgpack_unpacked_destroy(&it); }
  msgpack_unpacked it;
};

}  // namespace

std::string EncodeHello(const std::string& token, const std::string& client) {
  return MapWriter("hello").Text("token", token).Text("client", client).Bytes();
}

std::string EncodeOpen(uint32_t request, const OpenSettings& it) {
  std::vector<std::string_view> outputs;
  if (it.video) outputs.push_back("video");
  if (it.blendshapes) outputs.push_back("blendshapes");
  return MapWriter("open")
      .Unsigned("request", request)
      .Text("avatar", it.avatar)
      .Text("tier", it.tier)
      .Texts("outputs", outputs)
      .Unsigned("size", it.size)
      .Unsigned("fps", it.fps)
      .Unsigned("seed", it.seed)
      .Text("emotion", it.emotion)
      .Real("emotion_intensity", it.emotion_intensity)
      .Real("mouth_strength", it.mouth_strength)
      .Text("frames", it.frames_as_messages ? "messages" : "shared_memory")
      .Boolean("lower_tier", it.lower_tier)
      .Bytes();
}

std::string EncodeSpeak(uint32_t session, uint32_t utterance, const SpeakSettings& it, bool end) {
  MapWriter map("speak");
  map.Unsigned("session", session).Unsigned("utterance", utterance);
  if (!it.path.empty()) return map.Text("path", it.path).Bytes();
  return map.Unsigned("sample_rate_hz", it.sample_rate_hz)
      .Unsigned("channels", it.channels)
      .Text("format", it.int16 ? "s16" : "f32")
      .Boolean("end", end)
      .Bytes();
}

std::string EncodeAudio(uint32_t session, uint32_t utterance, bool end) {
  return MapWriter("audio").Unsigned("session", session).Unsigned("utterance", utterance).Boolean("end", end).Bytes();
}

std::string EncodeCancel(uint32_t session, int64_t last_pts_us) {
  return MapWriter("cancel").Unsigned("session", session).Signed("last_pts_us", last_pts_us).Bytes();
}

std::string EncodeClock(uint32_t session, uint32_t utterance, int64_t audio_us, bool playing) {
  return MapWriter("clock")
      .Unsigned("session", session)
      .Unsigned("utterance", utterance)
      .Signed("audio_us", audio_us)
      .Boolean("playing", playing)
      .Bytes();
}

std::string EncodeSet(uint32_t session, const SetSettings& it) {
  MapWriter map("set");
  map.Unsigned("session", session);
  if (it.emotion) map.Text("emotion", *it.emotion);
  if (it.emotion_intensity) map.Real("emotion_intensity", *it.emotion_intensity);
  if (it.mouth_strength) map.Real("mouth_strength", *it.mouth_strength);
  return map.Bytes();
}

std::string EncodeLook(uint32_t session, const std::optional<Gaze>& gaze) {
  MapWriter map("look");
  map.Unsigned("session", session);
  if (gaze) return map.Real("yaw", gaze->yaw).Real("pitch", gaze->pitch).Bytes();
  return map.Boolean("free", true).Bytes();
}

std::string EncodePause(uint32_t session, bool paused) {
  return MapWriter("pause").Unsigned("session", session).Boolean("paused", paused).Bytes();
}

std::string EncodeClose(uint32_t session) { return MapWriter("close").Unsigned("session", session).Bytes(); }

std::string EncodeStatus(uint32_t request) { return MapWriter("status").Unsigned("request", request).Bytes(); }

std::string EncodePing() { return MapWriter("ping").Bytes(); }

std::optional<FromWorker> DecodeFromWorker(const void* data, size_t bytes, std::string* problem) {
  problem->clear();
  if (bytes == 0 || bytes > kMaxMapBytes) {
    *problem = "it is empty or too large";
    return std::nullopt;
  }
  if (!HoldsWhatItAnnounces(static_cast<const uint8_t*>(data), bytes)) {
    *problem = "it announces more than it holds";
    return std::nullopt;
  }
  Unpacked unpacked;
  size_t used = 0;
  const auto result = msgpack_unpack_next(&unpacked.it, static_cast<const char*>(data), bytes, &used);
  if (result != MSGPACK_UNPACK_SUCCESS || used != bytes || unpacked.it.data.type != MSGPACK_OBJECT_MAP) {
    *problem = "it is not one msgpack map";
    return std::nullopt;
  }
  MapReader in(unpacked.it.data.via.map, problem);
  const std::string type = in.Name("type");
  if (!in.Sound()) return std::nullopt;
  FromWorker message = ReadMessage(type, in, problem);
  if (!problem->empty()) return std::nullopt;
  return message;
}

}  // namespace flashhead
