#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "core/audio.h"
#include "core/channel.h"
#include "core/link.h"
#include "core/messages.h"

namespace flashhead {

// One talking head as the network thread knows it: what is wanted of it, kept so that any worker can be asked for it.
// `Session` is its other half, which a program calls; all of this here runs on the network thread.
class Head {
 public:
  Head(Link& link, OpenSettings settings, std::shared_ptr<Channel<Update>> updates)
      : link_(link), settings_(std::move(settings)), updates_(std::move(updates)) {}

  // --- what the program asks for
  void Speak(uint32_t utterance, const SpeakSettings& speak, uint32_t sample_bytes, std::string data, bool end);
  void Push(uint32_t utterance, std::string data, bool end);
  // `utterance`: whose frame was shown last, 0: none. `cancels`: how many there were with this one.
  void Cancel(uint32_t utterance, int64_t last_pts_us, uint64_t cancels);
  void SetClock(uint32_t utterance, int64_t audio_us, bool playing, uint64_t at_ns);
  void Set(const SetSettings& change);
  void Look(const std::optional<Gaze>& gaze);
  void Pause(bool paused);
  void Close();

  // --- what the worker says
  // Throws RingError when its frames cannot be read.
  void OpenedBy(const Opened& opened);
  void Lost(const std::string& reason);
  // The message is about this head. False: it was closed for good.
  bool Received(const FromWorker& message, const void* payload, size_t bytes);
  // It will never be open (again).
  void Fail(const Error& error);
  // Why its worker seems to have died or to hang, or "".
  std::string LooksDead() const;
  void Flush() { updates_->Flush(); }

  const OpenSettings& settings() const { return settings_; }
  uint32_t session() const { return session_; }  // 0: no worker has it
  bool closed() const { return closed_; }

 private:
  struct Utterance {
    SpeakSettings speak;
    uint32_t sample_bytes = 4;
    Audio audio;
    bool all_there = false;
    int64_t offset_us = 0;  // where in it this worker began
    bool has_clock = false;
    int64_t audio_us = 0;
    bool playing = false;
    uint64_t at_ns = 0;

    int64_t NowUs() const;
  };

  void SendSpeak(uint32_t number, const Utterance& utterance, int64_t from_us);
  void SendClock(uint32_t number, const Utterance& utterance);
  void Resume();
  void Place(uint32_t number, uint32_t epoch, bool speaking, Event event);
  void End(uint32_t number, int32_t state, Event event);
  void Tell(Update update);
  Utterance* Find(uint32_t number);

  Link& link_;
  OpenSettings settings_;
  std::shared_ptr<Channel<Update>> updates_;
  std::shared_ptr<const Tracks> tracks_;
  std::map<uint32_t, Utterance> utterances_;  // those that are not over
  std::map<uint32_t, int64_t> offsets_;       // of those that are, while their last frames may be shown
  std::deque<uint64_t> asked_cancels_;        // of this worker, in order
  uint64_t cancels_ = 0;
  std::optional<Gaze> gaze_;
  bool paused_ = false;
  uint32_t session_ = 0;
  uint64_t lost_ns_ = 0;
  bool closed_ = false;
};

}  // namespace flashhead
