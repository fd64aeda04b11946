#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/address.h"
#include "core/channel.h"
#include "core/event.h"
#include "core/head.h"
#include "core/link.h"

namespace flashhead {

struct ClientState {
  bool connected = false;
  uint32_t worker_pid = 0;
  uint32_t reconnects = 0;
  std::string worker_version;
  std::string tiers;
};

// A client: one worker, and the heads that it holds open through that worker's death.
class Connection : private Peer {
 public:
  // `program`: the command of a private worker; empty: `locate` finds one. Throws std::runtime_error.
  Connection(Locate locate, std::vector<std::string> program, std::string name);

  // --- from any thread; none of it waits
  std::shared_ptr<Head> Open(const OpenSettings& settings, std::shared_ptr<Channel<Update>> updates);
  void Close(std::shared_ptr<Head> head);
  // False when too much waits for the network thread. `bytes`: of audio.
  bool Post(Link::Task task, size_t bytes = 0) { return link_.Post(std::move(task), bytes); }
  bool NextEvent(Event* event);
  ClientState State();
  // What the worker said last; asks anew.
  std::optional<Statistics> LastStatistics();
  void Stop() { link_.Stop(); }
  bool Ended() const { return link_.Ended(); }

 private:
  struct Note {
    std::optional<ClientState> state;
    std::optional<Statistics> statistics;
    Event event;
  };

  void Welcomed(const Welcome& welcome) override;
  void Refused(const std::string& reason) override;
  void Received(const FromWorker& message, const void* payload, size_t bytes) override;
  void Lost(const std::string& reason) override;
  std::string Tick() override;
  bool Active() override { return !heads_.empty(); }
  void Ending() override;

  void Ask(const std::shared_ptr<Head>& head);
  void Opened(const flashhead::Opened& opened);
  void Drop(const std::shared_ptr<Head>& head);
  void Tell(Note note) { notes_.Write(std::move(note)); }
  void ReadNotes();

  // On the network thread.
  PrivateWorker worker_;
  ClientState now_;
  std::vector<std::shared_ptr<Head>> heads_;
  std::map<uint32_t, std::shared_ptr<Head>> asked_;  // by request
  uint32_t requests_ = 0;
  std::string refused_;
  uint64_t lost_ns_ = 0;

  // On the program's side.
  Channel<Note> notes_;
  std::mutex mutex_;  // the network thread never takes it
  std::deque<Event> events_;
  ClientState state_;
  std::optional<Statistics> statistics_;
  uint64_t asked_ns_ = 0;

  // Last, and no pointer: its destructor waits for the thread, which uses all of the above and this until then.
  Link link_;
};

}  // namespace flashhead
