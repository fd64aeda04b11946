#include "core/session.h"

#include <algorithm>
#include <utility>

#include "core/failure.h"
#include "platform/shared_memory.h"

namespace flashhead {
namespace {

constexpr size_t kEvents = 1000;
constexpr size_t kUtterances = 8;  // over ones that are kept, for a program that still shows their last frames
constexpr int kTries = 8;          // a reader that is overtaken so often keeps the picture it has
constexpr uint64_t kClockNs = 250'000'000;
// Beyond this the audio was sought, or its clock is not the system's: the worker is told at once.
constexpr int64_t kClockJumpUs = 20'000;
constexpr int64_t kWeightsHz = 60;

int64_t Distance(int64_t a, int64_t b) {
  const uint64_t distance = a > b ? static_cast<uint64_t>(a) - static_cast<uint64_t>(b)
                                  : static_cast<uint64_t>(b) - static_cast<uint64_t>(a);
  return static_cast<int64_t>(std::min<uint64_t>(distance, INT64_MAX));
}

// A frame of a worker that began in the middle, with PTS and index of the whole utterance.
SlotInfo InOwnTime(SlotInfo info, int64_t offset_us, int64_t fps) {
  if (offset_us == 0) return info;
  info.pts_us += offset_us;
  info.index += static_cast<uint64_t>((offset_us * fps + 500'000) / 1'000'000);
  info.flags &= ~static_cast<uint32_t>(FLASHHEAD_FRAME_FIRST);
  return info;
}

}  // namespace

bool Session::Utterance::Over() const { return state >= FLASHHEAD_FINISHED; }

Session::Session(std::shared_ptr<Connection> connection, OpenSettings settings)
    : connection_(std::move(connection)),
      updates_(std::make_shared<Channel<Update>>()),
      head_(connection_->Open(settings, updates_)) {
  state_.tier = settings.tier;
  state_.settings = std::move(settings);
}

void Session::Close() { connection_->Close(head_); }

uint32_t Session::Speak(const SpeakSettings& speak, const void* samples, uint64_t frames, bool streamed,
                        bool interrupt) {
  const uint32_t sample_bytes = (speak.int16 ? 2 : 4) * speak.channels;
  const auto* begin = static_cast<const char*>(samples);
  std::string data = frames == 0 ? std::string() : std::string(begin, frames * sample_bytes);
  std::lock_guard lock(mutex_);
  ReadUpdates();
  if (interrupt) CancelLocked(std::nullopt);
  const uint32_t number = numbers_ + 1;
  const size_t bytes = data.size();
  Post([head = head_, number, speak, sample_bytes, data = std::move(data),
        streamed]() mutable { head->Speak(number, speak, sample_bytes, std::move(data), !streamed); },
       bytes);
  numbers_ = number;
  Utterance utterance;
  utterance.ended = !streamed;
  utterance.sample_bytes = sample_bytes;
  utterances_[number] = std::move(utterance);
  ForgetOld();
  return number;
}

void Session::Push(uint32_t number, const void* samples, uint64_t frames, bool end) {
  std::lock_guard lock(mutex_);
  ReadUpdates();
  Utterance& utterance = Find(number);
  if (end && utterance.ended) return;
  if (utterance.ended || utterance.Over()) {
    throw Failure(FLASHHEAD_ENDED, "utterance " + std::to_string(number) + " has ended: begin another one");
  }
  const auto* begin = static_cast<const char*>(samples);
  std::string data = frames == 0 ? std::string() : std::string(begin, frames * utterance.sample_bytes);
  const size_t bytes = data.size();
  Post([head = head_, number, data = std::move(data), end]() mutable { head->Push(number, std::move(data), end); },
       bytes);
  utterance.ended = end;
}

void Session::Cancel(std::optional<int64_t> last_pts_us) {
  std::lock_guard lock(mutex_);
  ReadUpdates();
  CancelLocked(last_pts_us);
}

void Session::CancelLocked(std::optional<int64_t> last_pts_us) {
  const Given& given = state_.settings.video ? video_ : weights_;
  const auto spoken = utterances_.find(given.any ? given.utterance : 0);
  const bool speaks = spoken != utterances_.end() && !spoken->second.Over();
  const uint32_t utterance = speaks ? given.utterance : 0;
  const int64_t last = last_pts_us ? *last_pts_us : speaks ? given.pts_us : -1;
  const uint64_t cancels = cancels_asked_ + 1;
  Post([head = head_, utterance, last, cancels] { head->Cancel(utterance, last, cancels); });
  cancels_asked_ = cancels;
  for (auto& [number, one] : utterances_) {
    if (!one.Over()) one.state = FLASHHEAD_CANCELLED;
    one.tracks.reset();
  }
}

void Session::Clock(uint32_t number, int64_t audio_us, bool playing) {
  std::lock_guard lock(mutex_);
  ReadUpdates();
  Utterance& utterance = Find(number);
  if (utterance.Over()) return;
  const uint64_t now = MonotonicNanoseconds();
  const int64_t expected =
      utterance.told_us +
      (utterance.told_playing ? static_cast<int64_t>((now - utterance.told_ns) / 1000) : int64_t{0});
  const bool needed = !utterance.told || utterance.told_playing != playing ||
                      (!playing && utterance.told_us != audio_us) || Distance(expected, audio_us) > kClockJumpUs ||
                      now - utterance.told_ns >= kClockNs;
  if (!needed) return;
  Post([head = head_, number, audio_us, playing, now] { head->SetClock(number, audio_us, playing, now); });
  utterance.told = true;
  utterance.told_us = audio_us;
  utterance.told_playing = playing;
  utterance.told_ns = now;
}

void Session::Set(const SetSettings& change) {
  Post([head = head_, change] { head->Set(change); });
}

void Session::Look(const std::optional<Gaze>& gaze) {
  Post([head = head_, gaze] { head->Look(gaze); });
}

void Session::Pause(bool paused) {
  Post([head = head_, paused] { head->Pause(paused); });
}

int32_t Session::StateOf(uint32_t utterance) {
  std::lock_guard lock(mutex_);
  ReadUpdates();
  return Find(utterance).state;
}

Shown Session::Video(uint32_t utterance, int64_t audio_us, SlotInfo* info, void* payload, size_t room,
                     Given* held) {
  if (!state_.settings.video) throw Failure(FLASHHEAD_INVALID_ARGUMENT, "this session was opened without video");
  return Acquire(true, utterance, audio_us, info, payload, room, held, true);
}

bool Session::VideoAhead(uint32_t utterance, int64_t audio_us, void* payload, size_t room, Given* held) {
  if (!state_.settings.video) return false;
  SlotInfo info;
  return Acquire(true, utterance, audio_us, &info, payload, room, held, false) == Shown::kNew;
}

Shown Session::Weights(uint32_t utterance, int64_t audio_us, SlotInfo* info, WeightsPayload* payload) {
  if (!state_.settings.blendshapes) {
    throw Failure(FLASHHEAD_INVALID_ARGUMENT, "this session was opened without weights");
  }
  return Acquire(false, utterance, audio_us, info, payload, sizeof *payload, nullptr, true);
}

// Without `give` the frame is only copied.
Shown Session::Acquire(bool video, uint32_t utterance, int64_t audio_us, SlotInfo* info, void* payload, size_t room,
                       Given* held, bool give) {
  Given nothing;
  if (held == nullptr) held = &nothing;
  std::optional<Place> place;
  Given last;
  {
    std::lock_guard lock(mutex_);
    ReadUpdates();
    place = PlaceOf(utterance);
    last = video ? video_ : weights_;
  }
  if (!place) return Shown::kNothing;
  // Without the lock: a copy takes long, and other calls for this session shall not wait for it.
  const Track& track = video ? *place->tracks->video : *place->tracks->weights;
  const RingReader& ring = track.reader();
  const int64_t fps = video ? state_.settings.fps : kWeightsHz;
  uint64_t overtaken = 0;
  for (int tries = 0; tries < kTries; ++tries, ++overtaken) {
    uint64_t number = 0;
    SlotInfo found;
    if (utterance != 0) {
      if (!ring.Find(place->epoch, utterance, audio_us - place->offset_us, &number)) return Shown::kNothing;
    } else {
      const uint64_t published = ring.Published();
      if (published == 0) return Shown::kNothing;
      number = published - 1;
    }
    if (!ring.ReadInfo(number, &found)) continue;
    if (utterance == 0 && found.epoch < place->epoch) return Shown::kNothing;
    const auto given = [&](const SlotInfo& one) {
      return Given{true, one.epoch, one.utterance, InOwnTime(one, place->offset_us, fps).pts_us, one.index,
                   place->tracks.get()};
    };
    const bool same = last.Is(given(found));
    // A worker that goes on for another one begins a little before the present: what was seen is not shown again.
    const bool seen = utterance != 0 && last.any && last.utterance == utterance && audio_us >= last.pts_us &&
                      given(found).pts_us < last.pts_us;
    if (same || seen) return Shown::kNothing;
    if (room < track.payload_bytes()) {
      *info = InOwnTime(found, place->offset_us, fps);
      return Shown::kTooSmall;
    }
    SlotInfo read = found;
    if (!held->Is(given(found))) {
      *held = {};
      if (ring.Read(number, &read, payload, track.payload_bytes()) != ReadResult::kRead) continue;
      if (read.payload_bytes != track.payload_bytes()) continue;
      *held = given(read);
    }
    *info = InOwnTime(read, place->offset_us, fps);
    if (!give) return Shown::kNew;
    std::lock_guard lock(mutex_);
    state_.retries += overtaken;
    if (!StillShown(*place, utterance, read)) return Shown::kNothing;
    (video ? video_ : weights_) = given(read);
    ++(video ? state_.pictures : state_.weights);
    return Shown::kNew;
  }
  std::lock_guard lock(mutex_);
  state_.retries += overtaken;
  return Shown::kNothing;
}

std::optional<Session::Place> Session::PlaceOf(uint32_t utterance) {
  if (utterance != 0) {
    const Utterance& found = Find(utterance);
    if (found.tracks == nullptr) return std::nullopt;
    return Place{found.tracks, found.epoch, found.offset_us};
  }
  if (tracks_ == nullptr || cancels_done_ < cancels_asked_) return std::nullopt;
  // What is spoken may be the newest frame too; its time is then that of its own worker.
  return Place{tracks_, epoch_, 0};
}

// Whether it was not cancelled while it was read.
bool Session::StillShown(const Place& place, uint32_t utterance, const SlotInfo& info) {
  if (utterance == 0) return cancels_done_ == cancels_asked_ && info.epoch >= epoch_;
  const auto found = utterances_.find(utterance);
  return found != utterances_.end() && found->second.tracks == place.tracks;
}

bool Session::NextEvent(Event* event) {
  std::lock_guard lock(mutex_);
  ReadUpdates();
  if (events_.empty()) return false;
  *event = std::move(events_.front());
  events_.pop_front();
  return true;
}

SessionState Session::State() {
  std::lock_guard lock(mutex_);
  ReadUpdates();
  return state_;
}

void Session::ReadUpdates() {
  Update update;
  while (updates_->Read(&update)) {
    std::visit([this](const auto& change) { Apply(change); }, update.change);
    if (update.event.type == 0) continue;
    if (events_.size() == kEvents) events_.pop_front();
    events_.push_back(std::move(update.event));
  }
}

void Session::Apply(const NowOpen& change) {
  if (tracks_ != nullptr) ++state_.reconnects;
  tracks_ = change.tracks;
  state_.open = true;
  state_.tier = change.tier;
  epoch_ = 0;
  cancels_done_ = change.cancels;
}

void Session::Apply(const NowLost&) { state_.open = false; }

void Session::Apply(const NowClosed&) {
  state_.open = false;
  for (auto& [number, utterance] : utterances_) {
    if (!utterance.Over()) utterance.state = FLASHHEAD_FAILED;
  }
}

void Session::Apply(const NowPlaced& change) {
  const auto found = utterances_.find(change.utterance);
  if (found == utterances_.end() || found->second.state >= FLASHHEAD_CANCELLED) return;
  found->second.tracks = tracks_;
  found->second.epoch = change.epoch;
  found->second.offset_us = change.offset_us;
  if (change.speaking && found->second.state == FLASHHEAD_WAITING) found->second.state = FLASHHEAD_SPEAKING;
}

void Session::Apply(const NowOver& change) {
  const auto found = utterances_.find(change.utterance);
  if (found == utterances_.end() || found->second.state >= FLASHHEAD_CANCELLED) return;
  found->second.state = change.state;
  if (change.state != FLASHHEAD_FINISHED) found->second.tracks.reset();
}

void Session::Apply(const NowCancelled& change) {
  epoch_ = change.epoch;
  cancels_done_ = std::max(cancels_done_, change.cancels);
}

void Session::Post(Link::Task task, size_t bytes) {
  if (!connection_->Post(std::move(task), bytes)) {
    throw Failure(FLASHHEAD_BUSY, "too much waits to be sent; try again in the next frame");
  }
}

void Session::ForgetOld() {
  size_t over = 0;
  for (const auto& [number, utterance] : utterances_) over += utterance.Over();
  for (auto it = utterances_.begin(); it != utterances_.end() && over > kUtterances;) {
    const bool forget = it->second.Over();
    over -= forget;
    it = forget ? utterances_.erase(it) : std::next(it);
  }
}

Session::Utterance& Session::Find(uint32_t utterance) {
  const auto found = utterances_.find(utterance);
  if (found == utterances_.end()) {
    throw Failure(FLASHHEAD_UNKNOWN_UTTERANCE, "utterance " + std::to_string(utterance) + " is none of this session");
  }
  return found->second;
}

}  // namespace flashhead
