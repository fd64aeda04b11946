// Drives the C header hard, for the sanitizers and for counting what is left. The worker is the one that
// FLASHHEAD_ENDPOINT and FLASHHEAD_TOKEN name.
//
//     stress talk SESSIONS SECONDS     speak, interrupt, cancel and close, each session on a thread, and all of them
//                                      from one more
//     stress open CYCLES               open and close a head again and again
//     stress connect CYCLES            connect and shut down again and again
//     stress measure HEADS SECONDS     nanoseconds of each call while heads talk: "name nanoseconds" a line
//     stress handles                   null, stale and wrong arguments for everything
//
// Ends with 0 when no call failed but for those that must, and no thread, file or shared memory is left.
#include <dirent.h>
#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "abi/ahead.h"
#include "flashhead_bridge.h"

namespace {

using flashhead::AcquireVideo;
using flashhead::Given;
using flashhead::ReadVideoAhead;

using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::milliseconds;

void Need(flashhead_result result, const char* what) {
  if (result >= FLASHHEAD_OK) return;
  std::fprintf(stderr, "%s: %s: %s\n", what, flashhead_result_name(result), flashhead_last_error());
  std::exit(1);
}

// FLASHHEAD_BUSY means: again in the next frame. On a machine with much else to do the library's thread falls behind.
template <typename Call>
void NeedSoon(Call call, const char* what) {
  flashhead_result result = call();
  for (int frame = 0; result == FLASHHEAD_BUSY && frame < 600; ++frame) {
    std::this_thread::sleep_for(Milliseconds(16));
    result = call();
  }
  Need(result, what);
}

void Expect(flashhead_result result, flashhead_result wanted, const char* what) {
  if (result == wanted) return;
  std::fprintf(stderr, "%s: %s instead of %s\n", what, flashhead_result_name(result), flashhead_result_name(wanted));
  std::exit(1);
}

int Entries(const char* folder) {
  DIR* opened = opendir(folder);
  int count = 0;
  while (opened != nullptr && readdir(opened) != nullptr) ++count;
  if (opened != nullptr) closedir(opened);
  return count;
}

flashhead_client Connect() {
  flashhead_connect_options options = FLASHHEAD_CONNECT_OPTIONS;
  flashhead_client client = 0;
  Need(flashhead_connect(&options, &client), "connect");
  return client;
}

flashhead_session Open(flashhead_client client, uint32_t outputs, bool messages = false) {
  flashhead_session_options options = FLASHHEAD_SESSION_OPTIONS;
  flashhead_session session = 0;
  options.outputs = outputs;
  options.avatar = "guard";
  options.size = 256;
  options.frames_as_messages = messages;
  NeedSoon([&] { return flashhead_open(client, &options, &session); }, "open");
  return session;
}

bool WaitFor(flashhead_session session, int32_t type, int milliseconds = 20000) {
  const auto end = Clock::now() + Milliseconds(milliseconds);
  while (Clock::now() < end) {
    flashhead_event event = FLASHHEAD_EVENT;
    const auto result = flashhead_poll(session, &event);
    Need(result, "poll");
    if (result == FLASHHEAD_OK && event.type == type) return true;
    if (result == FLASHHEAD_NOTHING) std::this_thread::sleep_for(Milliseconds(1));
  }
  std::fprintf(stderr, "event %d did not come\n", type);
  return false;
}

std::vector<float> Noise(size_t samples, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0.0f, 0.2f);
  std::vector<float> pcm(samples);
  for (auto& sample : pcm) sample = normal(random);
  return pcm;
}

std::atomic<uint64_t> frames_seen{0};
std::atomic<uint64_t> seen_ahead{0};  // pictures that were copied before they were due

// Speaks without end, and does to its head what a player may.
void Talk(flashhead_client client, unsigned seed, Clock::time_point end, std::atomic<flashhead_session>* shared) {
  std::mt19937 random(seed);
  const auto pcm = Noise(16000, seed);
  std::vector<uint8_t> pixels(256 * 256 * 4), plain(pixels.size());
  Given ahead;  // in `pixels`
  const uint32_t outputs = seed % 2 != 0 ? FLASHHEAD_VIDEO | FLASHHEAD_WEIGHTS_60HZ : FLASHHEAD_WEIGHTS_60HZ;
  while (Clock::now() < end) {
    const auto session = Open(client, outputs, seed % 4 == 3);
    shared->store(session);
    for (int line = 0; line < 4 && Clock::now() < end; ++line) {
      flashhead_audio audio = FLASHHEAD_AUDIO;
      uint32_t utterance = 0;
      audio.samples = pcm.data();
      audio.frames = pcm.size();
      audio.interrupt = random() % 2 != 0;
      audio.streamed = line == 1;
      NeedSoon([&] { return flashhead_speak(session, &audio, &utterance); }, "speak");
      if (audio.streamed != 0) {
        NeedSoon([&] { return flashhead_push(session, utterance, pcm.data(), 800); }, "push");
        NeedSoon([&] { return flashhead_end(session, utterance); }, "end");
      }
      const auto began = Clock::now();
      const auto length = Milliseconds(200 + random() % 900);
      int64_t newest = -1;
      while (Clock::now() - began < length) {
        const auto audio_us =
            std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - began).count();
        NeedSoon([&] { return flashhead_clock(session, utterance, audio_us, 1); }, "clock");
        flashhead_weights weights = FLASHHEAD_WEIGHTS;
        auto result = flashhead_acquire_weights(session, utterance, audio_us, &weights);
        Need(result, "acquire weights");
        if (result == FLASHHEAD_OK) {
          frames_seen.fetch_add(1);
          flashhead_session_info info = FLASHHEAD_SESSION_INFO;
          Need(flashhead_get_session_info(session, &info), "session info");
          if (info.reconnects != 0) {
            std::fprintf(stderr, "a head was opened again, though no worker was lost\n");
            std::exit(1);
          }
          if (weights.frame.pts_us < newest || weights.frame.pts_us > audio_us) {
            std::fprintf(stderr, "a frame of %lld us after one of %lld us, at %lld us of the audio\n",
                         static_cast<long long>(weights.frame.pts_us), static_cast<long long>(newest),
                         static_cast<long long>(audio_us));
            std::exit(1);
          }
          newest = weights.frame.pts_us;
        }
        if ((outputs & FLASHHEAD_VIDEO) != 0) {
          flashhead_frame frame = FLASHHEAD_FRAME;
          Given now;
          ReadVideoAhead(session, utterance, audio_us, plain.data(), plain.size(), &now);
          const Given held = ahead;
          result = AcquireVideo(session, utterance, audio_us, &frame, pixels.data(), pixels.size(), &ahead);
          Need(result, "acquire video");
          if (result == FLASHHEAD_OK) {
            frames_seen.fetch_add(1);
            seen_ahead.fetch_add(held.Is(now));
            if (frame.pts_us == now.pts_us && frame.epoch == now.epoch && pixels != plain) {
              std::fprintf(stderr, "a picture that was read ahead is not the one that is shown\n");
              std::exit(1);
            }
            ahead = {};
          }
          if (!ahead.any) {
            ReadVideoAhead(session, utterance, audio_us + 40'000, pixels.data(), pixels.size(), &ahead);
          }
        }
        flashhead_event event = FLASHHEAD_EVENT;
        Need(flashhead_poll(session, &event), "poll");
        std::this_thread::sleep_for(Milliseconds(4));
      }
      if (random() % 2 != 0) {
        NeedSoon([&] { return flashhead_cancel(session, FLASHHEAD_LAST_ACQUIRED); }, "cancel");
        flashhead_weights weights = FLASHHEAD_WEIGHTS;
        Expect(flashhead_acquire_weights(session, utterance, INT64_MAX, &weights), FLASHHEAD_NOTHING, "a cancelled frame");
        if ((outputs & FLASHHEAD_VIDEO) != 0) {
          flashhead_frame frame = FLASHHEAD_FRAME;
          Expect(AcquireVideo(session, utterance, INT64_MAX, &frame, pixels.data(), pixels.size(), &ahead),
                 FLASHHEAD_NOTHING, "a cancelled picture");
        }
      }
    }
    shared->store(0);
    NeedSoon([&] { return flashhead_close(session); }, "close");
  }
}

int TalkAll(int sessions, int seconds) {
  const auto client = Connect();
  const auto end = Clock::now() + std::chrono::seconds(seconds);
  std::vector<std::atomic<flashhead_session>> shared(static_cast<size_t>(sessions));
  std::vector<std::thread> threads;
  for (int i = 0; i < sessions; ++i) {
    threads.emplace_back(Talk, client, static_cast<unsigned>(i), end, &shared[static_cast<size_t>(i)]);
  }
  // Another thread that meddles with all of them; sessions may go stale under its hands, nothing else may happen.
  while (Clock::now() < end) {
    for (auto& one : shared) {
      const auto session = one.load();
      flashhead_session_info info = FLASHHEAD_SESSION_INFO;
      flashhead_weights weights = FLASHHEAD_WEIGHTS;
      const flashhead_result results[] = {
          flashhead_get_session_info(session, &info), flashhead_set_emotion(session, "happy", 0.5f),
          flashhead_look_at(session, 0.1f, -0.1f), flashhead_acquire_weights(session, 0, 0, &weights)};
      for (const auto result : results) {
        if (result != FLASHHEAD_STALE_HANDLE && result != FLASHHEAD_BUSY) Need(result, "from another thread");
      }
    }
    flashhead_statistics statistics = FLASHHEAD_STATISTICS;
    flashhead_event event = FLASHHEAD_EVENT;
    char line[256];
    int32_t level;
    Need(flashhead_get_statistics(client, &statistics), "statistics");
    Need(flashhead_poll_client(client, &event), "poll client");
    Need(flashhead_poll_log(line, sizeof line, &level), "log");
    std::this_thread::sleep_for(Milliseconds(3));
  }
  for (auto& thread : threads) thread.join();
  Need(flashhead_shutdown(), "shutdown");
  std::printf("%llu frames, %llu of them pictures that were read ahead\n",
              static_cast<unsigned long long>(frames_seen.load()), static_cast<unsigned long long>(seen_ahead.load()));
  return frames_seen.load() > 0 && (sessions < 2 || seen_ahead.load() > 0) ? 0 : 1;
}

int OpenAll(int cycles) {
  const auto client = Connect();
  for (int cycle = 0; cycle < cycles; ++cycle) {
    const auto session = Open(client, cycle % 2 != 0 ? FLASHHEAD_WEIGHTS_60HZ : FLASHHEAD_VIDEO, cycle % 8 == 7);
    // Closed while it opens, just opened, or after it has spoken.
    if (cycle % 4 != 0 && !WaitFor(session, FLASHHEAD_EVENT_OPENED)) return 1;
    if (cycle % 4 == 2) {
      const auto pcm = Noise(1600, 1);
      flashhead_audio audio = FLASHHEAD_AUDIO;
      uint32_t utterance;
      audio.samples = pcm.data();
      audio.frames = pcm.size();
      Need(flashhead_speak(session, &audio, &utterance), "speak");
      if (!WaitFor(session, FLASHHEAD_EVENT_FIRST_FRAME)) return 1;
    }
    Need(flashhead_close(session), "close");
  }
  const auto last = Open(client, FLASHHEAD_WEIGHTS_60HZ);  // what was asked before is done when this one is open
  if (!WaitFor(last, FLASHHEAD_EVENT_OPENED)) return 1;
  Need(flashhead_shutdown(), "shutdown");
  return 0;
}

int ConnectAll(int cycles) {
  for (int cycle = 0; cycle < cycles; ++cycle) {
    const auto client = Connect();
    const auto session = Open(client, FLASHHEAD_WEIGHTS_60HZ);
    if (cycle % 2 != 0 && !WaitFor(session, FLASHHEAD_EVENT_OPENED)) return 1;
    if (cycle % 3 == 0) Need(flashhead_disconnect(client), "disconnect");
    Need(flashhead_shutdown(), "shutdown");
    Expect(flashhead_close(session), FLASHHEAD_STALE_HANDLE, "close after shutdown");
  }
  return 0;
}

// As a game draws: 60 times a second the same calls for every head.
int Measure(int heads, int seconds) {
  struct Took {
    const char* name;
    int64_t ns;
  };
  std::vector<Took> all;
  all.reserve(1 << 20);
  const auto time = [&all](const char* name, auto call) {
    const auto began = Clock::now();
    const flashhead_result result = call();
    all.push_back({name, std::chrono::nanoseconds(Clock::now() - began).count()});
    Need(result, name);
    return result;
  };
  const auto client = Connect();
  std::vector<flashhead_session> sessions;
  for (int i = 0; i < heads; ++i) sessions.push_back(Open(client, FLASHHEAD_WEIGHTS_60HZ));
  const auto pcm = Noise(16000 * 10, 1);
  flashhead_audio audio = FLASHHEAD_AUDIO;
  audio.samples = pcm.data();
  audio.frames = pcm.size();
  audio.interrupt = 1;
  std::vector<uint32_t> lines(sessions.size());
  for (size_t i = 0; i < sessions.size(); ++i) {
    if (!WaitFor(sessions[i], FLASHHEAD_EVENT_OPENED)) return 1;
    Need(flashhead_speak(sessions[i], &audio, &lines[i]), "speak");
    if (!WaitFor(sessions[i], FLASHHEAD_EVENT_FIRST_FRAME)) return 1;
  }
  const auto began = Clock::now();
  while (Clock::now() - began < std::chrono::seconds(seconds)) {
    const auto audio_us = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - began).count();
    for (size_t i = 0; i < sessions.size(); ++i) {
      const auto session = sessions[i];
      flashhead_weights weights = FLASHHEAD_WEIGHTS;
      flashhead_event event = FLASHHEAD_EVENT;
      time("clock", [&] { return flashhead_clock(session, lines[i], audio_us, 1); });
      const auto found = time("acquire_weights", [&] {
        return flashhead_acquire_weights(session, lines[i], audio_us, &weights);
      });
      if (found == FLASHHEAD_NOTHING) all.back().name = "acquire_weights_nothing";
      time("poll", [&] { return flashhead_poll(session, &event); });
      time("look_at", [&] { return flashhead_look_at(session, 0.1f, 0.0f); });
    }
    std::this_thread::sleep_for(std::chrono::microseconds(16667));
  }
  for (const auto session : sessions) time("cancel", [&] { return flashhead_cancel(session, -1); });
  Need(flashhead_shutdown(), "shutdown");
  for (const auto& one : all) std::printf("%s %lld\n", one.name, static_cast<long long>(one.ns));
  return 0;
}

// More is asked for than the library's thread gets done: that is refused, not waited for, and later taken again.
int Flood() {
  const auto session = Open(Connect(), FLASHHEAD_WEIGHTS_60HZ);
  flashhead_result result = FLASHHEAD_OK;
  for (int i = 0; i < 10'000'000 && result == FLASHHEAD_OK; ++i) result = flashhead_pause(session, 1);
  Expect(result, FLASHHEAD_BUSY, "a flood");
  for (int i = 0; i < 5000 && result == FLASHHEAD_BUSY; ++i) {
    std::this_thread::sleep_for(Milliseconds(1));
    result = flashhead_pause(session, 0);
  }
  Expect(result, FLASHHEAD_OK, "after the flood");
  Need(flashhead_shutdown(), "shutdown");
  return 0;
}

int Handles() {
  const auto client = Connect();
  const auto session = Open(client, FLASHHEAD_WEIGHTS_60HZ);
  flashhead_session other = 0;
  flashhead_event event = FLASHHEAD_EVENT;
  flashhead_session_options options = FLASHHEAD_SESSION_OPTIONS;
  Expect(flashhead_open(client, nullptr, &other), FLASHHEAD_INVALID_ARGUMENT, "null options");
  Expect(flashhead_open(session, &options, &other), FLASHHEAD_STALE_HANDLE, "a session for a client");
  Expect(flashhead_poll(client, &event), FLASHHEAD_STALE_HANDLE, "a client for a session");
  Expect(flashhead_poll(0, &event), FLASHHEAD_STALE_HANDLE, "handle 0");
  Expect(flashhead_poll(UINT64_MAX, &event), FLASHHEAD_STALE_HANDLE, "handle -1");
  event.struct_size = 3;
  Expect(flashhead_poll(session, &event), FLASHHEAD_WRONG_STRUCT_SIZE, "a wrong struct");
  Need(flashhead_close(session), "close");
  Expect(flashhead_close(session), FLASHHEAD_STALE_HANDLE, "closed twice");
  const auto again = Open(client, FLASHHEAD_WEIGHTS_60HZ);
  if (again == session) return std::fprintf(stderr, "a handle was given again\n"), 1;
  Need(flashhead_shutdown(), "shutdown");
  return 0;
}

}  // namespace

int main(int count, char** words) {
  const std::string mode = count > 1 ? words[1] : "";
  const int first = count > 2 ? std::atoi(words[2]) : 0, second = count > 3 ? std::atoi(words[3]) : 0;
  // Once before counting, so that what libraries make once is there.
  if (mode != "handles" && ConnectAll(2) != 0) return 1;
  const int threads = Entries("/proc/self/task"), files = Entries("/proc/self/fd");
  const int result = mode == "talk"      ? TalkAll(first, second)
                     : mode == "open"    ? OpenAll(first)
                     : mode == "connect" ? ConnectAll(first)
                     : mode == "measure" ? Measure(first, second)
                     : mode == "flood"   ? Flood()
                     : mode == "handles" ? Handles()
                                         : 2;
  if (result != 0) return result;
  if (mode != "handles" && (Entries("/proc/self/task") != threads || Entries("/proc/self/fd") != files)) {
    return std::fprintf(stderr, "threads %d -> %d, files %d -> %d\n", threads, Entries("/proc/self/task"), files,
                        Entries("/proc/self/fd")),
           1;
  }
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  if (mode != "measure") std::printf("ok, %ld KB at most\n", usage.ru_maxrss);
  return 0;
}
