#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "core/channel.h"
#include "core/connection.h"
#include "core/messages.h"

namespace flashhead {

// Which frame of one output it is.
struct Given {
  bool any = false;
  uint32_t epoch = 0;
  uint32_t utterance = 0;
  int64_t pts_us = -1;
  uint64_t index = 0;
  const Tracks* tracks = nullptr;  // only to be compared

  bool Is(const Given& other) const {
    return any && other.any && tracks == other.tracks && epoch == other.epoch && utterance == other.utterance &&
           index == other.index && pts_us == other.pts_us;
  }
};

enum class Shown { kNew, kNothing, kTooSmall };

struct SessionState {
  bool open = false;
  OpenSettings settings;
  std::string tier;
  uint32_t reconnects = 0;
  uint64_t pictures = 0;
  uint64_t weights = 0;
  uint64_t retries = 0;
};

// One talking head as the program sees it. Any thread; nothing waits, and reading frames takes no lock that the
// network thread takes. Throws Failure for what cannot be done.
class Session {
 public:
  Session(std::shared_ptr<Connection> connection, OpenSettings settings);
  void Close();

  uint32_t Speak(const SpeakSettings& speak, const void* samples, uint64_t frames, bool streamed, bool interrupt);
  void Push(uint32_t utterance, const void* samples, uint64_t frames, bool end);
  void Cancel(std::optional<int64_t> last_pts_us);  // nothing: of the frame that was given last
  void Clock(uint32_t utterance, int64_t audio_us, bool playing);
  void Set(const SetSettings& change);
  void Look(const std::optional<Gaze>& gaze);
  void Pause(bool paused);
  int32_t StateOf(uint32_t utterance);

  // The frame for this time of an utterance's audio, of utterance 0: the newest. `info` is in the utterance's own time,
  // also when kTooSmall is returned; `payload` holds `room` bytes. `held`: the frame that `payload` has, if any, before
  // the call and after it; if it is the wanted one, it is not copied again.
  Shown Video(uint32_t utterance, int64_t audio_us, SlotInfo* info, void* payload, size_t room, Given* held = nullptr);
  // Copies the frame of a time to come, which is not given by that: another one may have taken its place by then.
  // Whether there was one that is not given yet.
  bool VideoAhead(uint32_t utterance, int64_t audio_us, void* payload, size_t room, Given* held);
  Shown Weights(uint32_t utterance, int64_t audio_us, SlotInfo* info, WeightsPayload* payload);

  bool NextEvent(Event* event);
  SessionState State();
  uint32_t side() const { return state_.settings.size; }  // of a picture, in pixels

 private:
  struct Utterance {
    int32_t state = 0;
    bool ended = false;
    uint32_t sample_bytes = 4;
    // Where its frames are found; without tracks: nowhere yet, or not any more.
    std::shared_ptr<const Tracks> tracks;
    uint32_t epoch = 0;
    int64_t offset_us = 0;
    // The clock that the worker was told.
    bool told = false;
    int64_t told_us = 0;
    bool told_playing = false;
    uint64_t told_ns = 0;

    bool Over() const;
  };

  struct Place {
    std::shared_ptr<const Tracks> tracks;
    uint32_t epoch = 0;
    int64_t offset_us = 0;
  };

  Shown Acquire(bool video, uint32_t utterance, int64_t audio_us, SlotInfo* info, void* payload, size_t room,
                Given* held, bool give);
  std::optional<Place> PlaceOf(uint32_t utterance);
  bool StillShown(const Place& place, uint32_t utterance, const SlotInfo& info);
  void ReadUpdates();
  void Apply(const NowOpen& change);
  void Apply(const NowLost& change);
  void Apply(const NowClosed& change);
  void Apply(const NowPlaced& change);
  void Apply(const NowOver& change);
  void Apply(const NowCancelled& change);
  void Apply(std::monostate) {}
  void Post(Link::Task task, size_t bytes = 0);
  void CancelLocked(std::optional<int64_t> last_pts_us);
  void ForgetOld();
  Utterance& Find(uint32_t utterance);

  const std::shared_ptr<Connection> connection_;
  const std::shared_ptr<Channel<Update>> updates_;
  const std::shared_ptr<Head> head_;  // touched by posted work only

  std::mutex mutex_;  // among the program's threads; the network thread never takes it
  std::map<uint32_t, Utterance> utterances_;
  uint32_t numbers_ = 0;
  SessionState state_;
  std::shared_ptr<const Tracks> tracks_;
  uint32_t epoch_ = 0;
  uint64_t cancels_asked_ = 0;
  uint64_t cancels_done_ = 0;
  Given video_, weights_;
  std::deque<Event> events_;
};

}  // namespace flashhead
