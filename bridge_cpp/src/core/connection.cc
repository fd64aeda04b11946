#include "core/connection.h"

#include <algorithm>
#include <utility>

#include "core/failure.h"
#include "core/log.h"
#include "core/ring_error.h"
#include "platform/shared_memory.h"

namespace flashhead {
namespace {

constexpr size_t kEvents = 1000;
constexpr uint64_t kAskAgainNs = 250'000'000;

uint32_t SessionOf(const FromWorker& message) {
  return std::visit(
      [](const auto& it) -> uint32_t {
        using Type = std::decay_t<decltype(it)>;
        if constexpr (std::is_same_v<Type, Welcome> || std::is_same_v<Type, Statistics> || std::is_same_v<Type, Pong>) {
          return 0;
        } else {
          return it.session;
        }
      },
      message);
}

}  // namespace

Connection::Connection(Locate locate, std::vector<std::string> program, std::string name)
    : worker_(program),
      link_(program.empty() ? std::move(locate) : Locate([this] { return worker_.Find(); }), this, std::move(name),
            [this] { worker_.End(); }) {
  link_.Start();
}

std::shared_ptr<Head> Connection::Open(const OpenSettings& settings, std::shared_ptr<Channel<Update>> updates) {
  auto head = std::make_shared<Head>(link_, settings, std::move(updates));
  const bool posted = Post([this, head] {
    heads_.push_back(head);
    if (now_.connected) Ask(head);
  });
  if (!posted) throw Failure(FLASHHEAD_BUSY, "too much waits to be sent; try again in the next frame");
  return head;
}

void Connection::Close(std::shared_ptr<Head> head) {
  const bool posted = Post([this, head] {
    head->Close();
    if (head->session() == 0) Drop(head);
  });
  if (!posted) throw Failure(FLASHHEAD_BUSY, "too much waits to be sent; try again in the next frame");
}

bool Connection::NextEvent(Event* event) {
  std::lock_guard lock(mutex_);
  ReadNotes();
  if (events_.empty()) return false;
  *event = std::move(events_.front());
  events_.pop_front();
  return true;
}

ClientState Connection::State() {
  std::lock_guard lock(mutex_);
  ReadNotes();
  return state_;
}

std::optional<Statistics> Connection::LastStatistics() {
  std::lock_guard lock(mutex_);
  ReadNotes();
  const uint64_t now = MonotonicNanoseconds();
  if (now - asked_ns_ >= kAskAgainNs) {
    asked_ns_ = now;
    Post([this] { link_.Send(EncodeStatus(++requests_)); });
  }
  return statistics_;
}

void Connection::ReadNotes() {
  Note note;
  while (notes_.Read(&note)) {
    if (note.state) state_ = *note.state;
    if (note.statistics) statistics_ = *note.statistics;
    if (note.event.type == 0) continue;
    if (events_.size() == kEvents) events_.pop_front();
    events_.push_back(std::move(note.event));
  }
}

void Connection::Welcomed(const Welcome& welcome) {
  now_.connected = true;
  now_.worker_pid = welcome.pid;
  now_.worker_version = welcome.version;
  now_.tiers.clear();
  for (const auto& tier : welcome.tiers) now_.tiers += (now_.tiers.empty() ? "" : " ") + tier;
  Event event;
  event.type = FLASHHEAD_EVENT_CONNECTED;
  if (lost_ns_ != 0) {
    ++now_.reconnects;
    event.latency_us = static_cast<int64_t>((MonotonicNanoseconds() - lost_ns_) / 1000);
  }
  lost_ns_ = 0;
  refused_.clear();
  Log(FLASHHEAD_LOG_INFO, "connected to a worker of version " + welcome.version + ", pid " + std::to_string(welcome.pid));
  Tell({now_, {}, std::move(event)});
  asked_.clear();
  for (const auto& head : heads_) Ask(head);
}

void Connection::Refused(const std::string& reason) {
  if (reason == refused_) return;
  refused_ = reason;
  Log(FLASHHEAD_LOG_WARNING, "no worker: " + reason);
  Event event;
  event.type = FLASHHEAD_EVENT_NOT_CONNECTED;
  event.message = reason;
  Tell({{}, {}, std::move(event)});
}

void Connection::Lost(const std::string& reason) {
  now_.connected = false;
  lost_ns_ = MonotonicNanoseconds();
  Log(FLASHHEAD_LOG_WARNING, "the worker is lost: " + reason);
  Event event;
  event.type = FLASHHEAD_EVENT_LOST;
  event.message = reason;
  Tell({now_, {}, std::move(event)});
  asked_.clear();
  const auto heads = heads_;
  for (const auto& head : heads) {
    head->Lost(reason);
    if (head->closed()) Drop(head);
  }
}

void Connection::Received(const FromWorker& message, const void* payload, size_t bytes) {
  if (const auto* opened = std::get_if<flashhead::Opened>(&message)) return Opened(*opened);
  if (const auto* statistics = std::get_if<Statistics>(&message)) return Tell({{}, *statistics, {}});
  if (const auto* error = std::get_if<Error>(&message); error != nullptr && error->request != 0) {
    const auto asked = asked_.find(error->request);
    if (asked == asked_.end()) return;
    const auto head = asked->second;
    asked_.erase(asked);
    head->Fail(*error);
    return Drop(head);
  }
  const uint32_t session = SessionOf(message);
  const auto found = std::find_if(heads_.begin(), heads_.end(), [&](const auto& head) {
    return session != 0 && head->session() == session;
  });
  if (found != heads_.end()) {
    const auto head = *found;
    if (!head->Received(message, payload, bytes)) {
      Drop(head);
    } else if (head->session() == 0) {
      Ask(head);  // the worker closed it, though nobody asked
    }
  } else if (const auto* error = std::get_if<Error>(&message); error != nullptr && session == 0) {
    Event event;
    event.type = FLASHHEAD_EVENT_ERROR;
    event.code = error->code;
    event.message = error->message;
    Tell({{}, {}, std::move(event)});
  }
}

std::string Connection::Tick() {
  notes_.Flush();
  std::string reason;
  for (const auto& head : heads_) {
    head->Flush();
    if (reason.empty()) reason = head->LooksDead();
  }
  return reason;
}

void Connection::Ending() {
  for (const auto& head : heads_) head->Close();
}

void Connection::Ask(const std::shared_ptr<Head>& head) {
  const uint32_t request = ++requests_;
  asked_[request] = head;
  link_.Send(EncodeOpen(request, head->settings()));
}

void Connection::Opened(const flashhead::Opened& opened) {
  const auto asked = asked_.find(opened.request);
  const auto head = asked == asked_.end() ? nullptr : asked->second;
  if (head != nullptr) asked_.erase(asked);
  if (head == nullptr || head->closed()) {
    link_.Send(EncodeClose(opened.session));
    return;
  }
  try {
    head->OpenedBy(opened);
  } catch (const RingError& error) {
    link_.Send(EncodeClose(opened.session));
    head->Fail({"frames", error.what(), opened.request, 0, 0});
    Drop(head);
  }
}

void Connection::Drop(const std::shared_ptr<Head>& head) {
  heads_.erase(std::remove(heads_.begin(), heads_.end(), head), heads_.end());
}

}  // namespace flashhead
