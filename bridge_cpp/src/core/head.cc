#include "core/head.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <utility>

#include "core/log.h"
#include "flashhead_bridge.h"
#include "platform/shared_memory.h"

namespace flashhead {
namespace {

constexpr int64_t kWeightsHz = 60;
// Spoken again before the present when another worker goes on: a sound is not recognised from its first sample.
constexpr int64_t kContextUs = 200'000;
constexpr uint64_t kHangsNs = 2'000'000'000;
constexpr size_t kMostUpdates = 1000;  // underruns beyond are not told to a program that does not listen
constexpr size_t kOldUtterances = 8;

bool AllFinite(const std::string& data) {
  for (size_t i = 0; i + sizeof(float) <= data.size(); i += sizeof(float)) {
    float sample;
    std::memcpy(&sample, data.data() + i, sizeof sample);
    if (!std::isfinite(sample)) return false;
  }
  return true;
}

Event EventOf(int32_t type, uint32_t utterance = 0, uint32_t epoch = 0) {
  Event event;
  event.type = type;
  event.utterance = utterance;
  event.epoch = epoch;
  return event;
}

Event ErrorOf(uint32_t utterance, std::string code, std::string message) {
  Event event = EventOf(FLASHHEAD_EVENT_ERROR, utterance);
  event.code = std::move(code);
  event.message = std::move(message);
  return event;
}

// Where another worker shall begin: a little before the present, where a frame of both tracks begins.
int64_t ResumeUs(int64_t now_us, uint32_t fps) {
  const int64_t wanted = std::max<int64_t>(0, now_us - kContextUs);
  const int64_t frames_a_second = std::gcd(static_cast<int64_t>(fps), kWeightsHz);
  return wanted * frames_a_second / 1'000'000 * 1'000'000 / frames_a_second;
}

}  // namespace

int64_t Head::Utterance::NowUs() const {
  if (!has_clock) return 0;
  return audio_us + (playing ? static_cast<int64_t>((MonotonicNanoseconds() - at_ns) / 1000) : 0);
}

void Head::Speak(uint32_t number, const SpeakSettings& speak, uint32_t sample_bytes, std::string data, bool end) {
  if (!speak.int16 && !AllFinite(data)) {
    End(number, FLASHHEAD_FAILED,
        ErrorOf(number, "bad_audio", "the samples hold something that is no number (NaN or infinite)"));
    return;
  }
  Utterance utterance{speak, sample_bytes, Audio(speak.sample_rate_hz, sample_bytes)};
  utterance.audio.Append(std::move(data));
  utterance.all_there = end;
  const auto added = utterances_.emplace(number, std::move(utterance)).first;
  if (session_ != 0) SendSpeak(number, added->second, 0);
}

void Head::Push(uint32_t number, std::string data, bool end) {
  Utterance* utterance = Find(number);
  if (utterance == nullptr) return;
  if (!utterance->speak.int16 && !AllFinite(data)) {
    End(number, FLASHHEAD_FAILED,
        ErrorOf(number, "bad_audio", "the samples hold something that is no number (NaN or infinite)"));
    return;
  }
  utterance->all_there |= end;
  if (session_ != 0) {
    const auto pieces = Pieces(data, utterance->sample_bytes);
    for (const auto& piece : pieces) {
      link_.Send(EncodeAudio(session_, number, utterance->all_there && &piece == &pieces.back()), piece);
    }
  }
  utterance->audio.Append(std::move(data));
}

void Head::Cancel(uint32_t utterance, int64_t last_pts_us, uint64_t cancels) {
  int64_t offset_us = 0;
  if (const auto* found = Find(utterance)) offset_us = found->offset_us;
  if (const auto old = offsets_.find(utterance); old != offsets_.end()) offset_us = old->second;
  utterances_.clear();
  cancels_ = cancels;
  if (session_ == 0) return;
  asked_cancels_.push_back(cancels);
  link_.Send(EncodeCancel(session_, last_pts_us < 0 ? -1 : std::max<int64_t>(0, last_pts_us - offset_us)));
}

void Head::SetClock(uint32_t number, int64_t audio_us, bool playing, uint64_t at_ns) {
  Utterance* utterance = Find(number);
  if (utterance == nullptr) return;
  utterance->has_clock = true;
  utterance->audio_us = audio_us;
  utterance->playing = playing;
  utterance->at_ns = at_ns;
  SendClock(number, *utterance);
  utterance->audio.Forget(audio_us);
}

void Head::Set(const SetSettings& change) {
  if (change.emotion) settings_.emotion = *change.emotion;
  if (change.emotion_intensity) settings_.emotion_intensity = *change.emotion_intensity;
  if (change.mouth_strength) settings_.mouth_strength = *change.mouth_strength;
  if (session_ != 0) link_.Send(EncodeSet(session_, change));
}

void Head::Look(const std::optional<Gaze>& gaze) {
  gaze_ = gaze;
  if (session_ != 0) link_.Send(EncodeLook(session_, gaze));
}

void Head::Pause(bool paused) {
  paused_ = paused;
  if (session_ != 0) link_.Send(EncodePause(session_, paused));
}

void Head::Close() {
  closed_ = true;
  if (session_ != 0) link_.Send(EncodeClose(session_));
}

void Head::OpenedBy(const Opened& opened) {
  tracks_ = OpenTracks(settings_, opened);
  session_ = opened.session;
  asked_cancels_.clear();
  Event event = EventOf(lost_ns_ == 0 ? FLASHHEAD_EVENT_OPENED : FLASHHEAD_EVENT_REOPENED);
  if (lost_ns_ != 0) event.latency_us = static_cast<int64_t>((MonotonicNanoseconds() - lost_ns_) / 1000);
  lost_ns_ = 0;
  Tell({NowOpen{tracks_, opened.tier, cancels_}, std::move(event)});
  if (paused_) Pause(true);
  if (gaze_) Look(gaze_);
  Resume();
}

// Have this worker speak what the audio has not reached yet.
void Head::Resume() {
  std::vector<uint32_t> spoken;
  for (auto& [number, utterance] : utterances_) {
    const bool file = !utterance.speak.path.empty();
    const int64_t from_us = file ? 0 : ResumeUs(utterance.NowUs(), settings_.fps);
    if (!file && utterance.all_there && from_us > 0 && from_us >= utterance.audio.DurationUs()) {
      spoken.push_back(number);
      continue;
    }
    utterance.offset_us = from_us;
    SendSpeak(number, utterance, from_us);
    if (!utterance.has_clock) continue;
    utterance.audio_us = utterance.NowUs();
    utterance.at_ns = MonotonicNanoseconds();
    SendClock(number, utterance);
  }
  for (const uint32_t number : spoken) End(number, FLASHHEAD_FINISHED, EventOf(FLASHHEAD_EVENT_FINISHED, number));
}

void Head::Lost(const std::string& reason) {
  if (session_ == 0) return;
  session_ = 0;
  lost_ns_ = MonotonicNanoseconds();
  Event event = EventOf(FLASHHEAD_EVENT_LOST);
  event.message = reason;
  Tell({NowLost{}, std::move(event)});
}

bool Head::Received(const FromWorker& message, const void* payload, size_t bytes) {
  if (const auto* frame = std::get_if<Frame>(&message)) {
    const auto& track = frame->track == "video" ? tracks_->video : tracks_->weights;
    if (!track || !track->Add(*frame, payload, bytes)) Log(FLASHHEAD_LOG_WARNING, "a frame has the wrong size");
  } else if (const auto* started = std::get_if<Started>(&message)) {
    Place(started->utterance, started->epoch, false,
          EventOf(FLASHHEAD_EVENT_STARTED, started->utterance, started->epoch));
  } else if (const auto* first = std::get_if<FirstFrame>(&message)) {
    Event event = EventOf(FLASHHEAD_EVENT_FIRST_FRAME, first->utterance, first->epoch);
    event.latency_us = first->latency_us;
    Place(first->utterance, first->epoch, true, std::move(event));
  } else if (const auto* finished = std::get_if<Finished>(&message)) {
    if (Find(finished->utterance) == nullptr) return true;  // cancelled meanwhile
    End(finished->utterance, FLASHHEAD_FINISHED,
        EventOf(FLASHHEAD_EVENT_FINISHED, finished->utterance, finished->epoch));
  } else if (const auto* cancelled = std::get_if<Cancelled>(&message)) {
    NowCancelled change{cancelled->epoch, cancels_};
    if (!asked_cancels_.empty()) {
      change.cancels = asked_cancels_.front();
      asked_cancels_.pop_front();
    }
    const uint32_t first_number = cancelled->utterances.empty() ? 0 : cancelled->utterances.front();
    Tell({change, EventOf(FLASHHEAD_EVENT_CANCELLED, first_number, cancelled->epoch)});
    for (size_t i = 1; i < cancelled->utterances.size(); ++i) {
      Tell({{}, EventOf(FLASHHEAD_EVENT_CANCELLED, cancelled->utterances[i], cancelled->epoch)});
    }
  } else if (const auto* underrun = std::get_if<Underrun>(&message)) {
    if (updates_->Waiting() > kMostUpdates) return true;
    Event event = EventOf(FLASHHEAD_EVENT_UNDERRUN, underrun->utterance);
    const auto* utterance = Find(underrun->utterance);
    event.pts_us = underrun->pts_us + (utterance == nullptr ? 0 : utterance->offset_us);
    event.code = underrun->cause;
    Tell({{}, std::move(event)});
  } else if (const auto* warning = std::get_if<Warning>(&message)) {
    Event event = EventOf(FLASHHEAD_EVENT_WARNING);
    event.code = warning->code;
    event.message = warning->message;
    Tell({{}, std::move(event)});
  } else if (const auto* error = std::get_if<Error>(&message)) {
    Event event = ErrorOf(error->utterance, error->code, error->message);
    Find(error->utterance) != nullptr ? End(error->utterance, FLASHHEAD_FAILED, std::move(event))
                                      : Tell({{}, std::move(event)});
  } else if (const auto* closed = std::get_if<Closed>(&message)) {
    session_ = 0;
    if (closed->reason != "failed" && !closed_) {
      Lost("the worker closed the session");
      lost_ns_ = MonotonicNanoseconds();
      return true;
    }
    closed_ = true;
    Event event = EventOf(FLASHHEAD_EVENT_CLOSED);
    event.code = closed->reason;
    Tell({NowClosed{}, std::move(event)});
    return false;
  }
  return true;
}

void Head::Fail(const Error& error) {
  closed_ = true;
  session_ = 0;
  Tell({{}, ErrorOf(0, error.code, error.message)});
  Event event = EventOf(FLASHHEAD_EVENT_CLOSED);
  event.code = "failed";
  event.message = error.message;
  Tell({NowClosed{}, std::move(event)});
}

std::string Head::LooksDead() const {
  if (session_ == 0 || tracks_ == nullptr || settings_.frames_as_messages) return "";
  for (const auto* track : {&tracks_->weights, &tracks_->video}) {
    if (!*track) continue;
    // A ring that was closed is no sign of death: its session ends, and the message that says so is under way.
    if ((*track)->reader().WriterDied()) return "it died";
    if ((*track)->reader().HeartbeatAgeNs() > kHangsNs) return "it hangs";
  }
  return "";
}

void Head::SendSpeak(uint32_t number, const Utterance& utterance, int64_t from_us) {
  if (!utterance.speak.path.empty()) {
    link_.Send(EncodeSpeak(session_, number, utterance.speak, true));
    return;
  }
  const auto pieces = utterance.audio.Since(from_us);
  for (const auto& piece : pieces) {
    const bool end = utterance.all_there && &piece == &pieces.back();
    link_.Send(&piece == &pieces.front() ? EncodeSpeak(session_, number, utterance.speak, end)
                                         : EncodeAudio(session_, number, end),
               piece);
  }
}

void Head::SendClock(uint32_t number, const Utterance& utterance) {
  if (session_ == 0) return;
  link_.Send(EncodeClock(session_, number, utterance.audio_us - utterance.offset_us, utterance.playing));
}

void Head::Place(uint32_t number, uint32_t epoch, bool speaking, Event event) {
  const Utterance* utterance = Find(number);
  if (utterance == nullptr) return;  // cancelled meanwhile
  Tell({NowPlaced{number, epoch, utterance->offset_us, speaking}, std::move(event)});
}

void Head::End(uint32_t number, int32_t state, Event event) {
  if (const Utterance* utterance = Find(number)) offsets_[number] = utterance->offset_us;
  while (offsets_.size() > kOldUtterances) offsets_.erase(offsets_.begin());
  utterances_.erase(number);
  Tell({NowOver{number, state}, std::move(event)});
}

void Head::Tell(Update update) { updates_->Write(std::move(update)); }

Head::Utterance* Head::Find(uint32_t number) {
  const auto found = utterances_.find(number);
  return found == utterances_.end() ? nullptr : &found->second;
}

}  // namespace flashhead
