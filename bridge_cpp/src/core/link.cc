#include "core/link.h"

#include <zmq.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "core/log.h"
#include "flashhead_bridge.h"
#include "platform/process.h"
#include "platform/shared_memory.h"

namespace flashhead {
namespace {

constexpr int kTickMs = 100;
// While heads are open the thread looks for work by itself: a signal would cost those who post a system call, which
// takes as long as all else that they do together.
constexpr int kActiveMs = 2;
constexpr int kRefusedRestMs = 500;
// Its connection breaks a moment before the system tells that a worker of our own has ended.
constexpr int kLostRestMs = 20;
constexpr int kLingerMs = 200;
constexpr uint64_t kMs = 1'000'000;
constexpr uint64_t kPingNs = 500 * kMs;
// Without any message: far more than a worker that computes needs, and a ring's lock tells of its death at once.
constexpr uint64_t kSilenceNs = 3000 * kMs;
// Before the address is looked up anew: the worker may have come back elsewhere.
constexpr uint64_t kGreetingNs = 1000 * kMs;
constexpr size_t kMaxWaitingBytes = size_t{64} << 20;
constexpr int kMessagesAtOnce = 1000;  // then pings and deaths are looked at again

void SetOption(void* socket, int option, int value) { zmq_setsockopt(socket, option, &value, sizeof value); }

void Close(void* socket, int linger_ms) {
  SetOption(socket, ZMQ_LINGER, linger_ms);
  zmq_close(socket);
}

// A part of a message that is given back in the end.
class Part {
 public:
  Part() { zmq_msg_init(&message_); }
  ~Part() { zmq_msg_close(&message_); }
  Part(const Part&) = delete;
  Part& operator=(const Part&) = delete;

  bool Receive(void* socket) { return zmq_msg_recv(&message_, socket, ZMQ_DONTWAIT) >= 0; }
  bool More() { return zmq_msg_more(&message_) != 0; }
  const void* data() { return zmq_msg_data(&message_); }
  size_t bytes() { return zmq_msg_size(&message_); }

 private:
  zmq_msg_t message_;
};

}  // namespace

Link::Link(Locate locate, Peer* peer, std::string name, std::function<void()> on_end)
    : locate_(std::move(locate)), peer_(peer), name_(std::move(name)), on_end_(std::move(on_end)) {
  context_ = zmq_ctx_new();
  if (context_ != nullptr) {
    waker_ = zmq_socket(context_, ZMQ_PAIR);
    wake_ = zmq_socket(context_, ZMQ_PAIR);
  }
  if (waker_ == nullptr || wake_ == nullptr || zmq_bind(wake_, "inproc://wake") != 0 ||
      zmq_connect(waker_, "inproc://wake") != 0) {
    const std::string reason = zmq_strerror(zmq_errno());
    CloseSockets();
    throw std::runtime_error("the system gives no more sockets: " + reason);
  }
}

Link::~Link() {
  Stop();
  if (thread_.joinable()) {
    thread_.join();
  } else {
    CloseSockets();
  }
}

void Link::Start() {
  thread_ = std::thread([this] { Run(); });
}

void Link::CloseSockets() {
  {
    std::lock_guard lock(posting_);
    if (waker_ != nullptr) Close(waker_, 0);
    waker_ = nullptr;
  }
  if (wake_ != nullptr) Close(wake_, 0);
  if (context_ != nullptr) zmq_ctx_term(context_);
}

bool Link::Post(Task task, size_t bytes) {
  std::lock_guard lock(posting_);
  const size_t waiting = waiting_bytes_.load(std::memory_order_relaxed);
  if (bytes > 0 && waiting > 0 && waiting + bytes > kMaxWaitingBytes) return false;
  waiting_bytes_.fetch_add(bytes, std::memory_order_relaxed);
  if (!work_.Push({std::move(task), bytes})) {
    waiting_bytes_.fetch_sub(bytes, std::memory_order_relaxed);
    return false;
  }
  Wake();
  return true;
}

void Link::Stop() {
  std::lock_guard lock(posting_);
  stopping_.store(true, std::memory_order_release);
  Wake();
}

// Signals a thread that sleeps for long, once. Under posting_.
void Link::Wake() {
  if (waker_ == nullptr || awake_.exchange(true)) return;
  zmq_send(waker_, "", 0, ZMQ_DONTWAIT);
}

void Link::Send(const std::string& message) {
  if (socket_ != nullptr) zmq_send(socket_, message.data(), message.size(), ZMQ_DONTWAIT);
}

void Link::Send(const std::string& message, const std::string& payload) {
  if (socket_ == nullptr) return;
  zmq_send(socket_, message.data(), message.size(), ZMQ_DONTWAIT | ZMQ_SNDMORE);
  zmq_send(socket_, payload.data(), payload.size(), ZMQ_DONTWAIT);
}

void Link::Run() {
  StayInBackground();
  while (!stopping_.load(std::memory_order_acquire)) {
    DoWork();
    try {
      Converse(locate_());
    } catch (const std::exception& error) {
      peer_->Refused(error.what());
      Rest(kTickMs);
    }
  }
  DoWork();
  on_end_();
  CloseSockets();
  ended_.store(true, std::memory_order_release);
}

// Until the worker is lost, does not answer, or this link is stopped.
void Link::Converse(const WorkerAddress& address) {
  void* socket = zmq_socket(context_, ZMQ_DEALER);
  if (socket == nullptr) throw std::runtime_error(std::string("no socket: ") + zmq_strerror(zmq_errno()));
  SetOption(socket, ZMQ_SNDHWM, 0);
  SetOption(socket, ZMQ_RECONNECT_IVL, 20);
  const int64_t most = kMaxMessageBytes;
  zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &most, sizeof most);
  // A name of its own: libzmq lets go of the last connection's on a thread of its own, and who connects to that one hears
  // nothing, while libzmq waits for ever, with the socket's lock, for somebody to tell this one's events to.
  const std::string events = "inproc://monitor-" + std::to_string(++connections_);
  if (zmq_socket_monitor(socket, events.c_str(), ZMQ_EVENT_DISCONNECTED) != 0) {
    const std::string reason = zmq_strerror(zmq_errno());
    Close(socket, 0);
    throw std::runtime_error("a connection cannot be watched: " + reason);
  }
  void* monitor = zmq_socket(context_, ZMQ_PAIR);
  zmq_connect(monitor, events.c_str());
  std::string reason;
  Outcome outcome = Outcome::kRefused;
  if (zmq_connect(socket, address.endpoint.c_str()) == 0) {
    socket_ = socket;
    Send(EncodeHello(address.token, name_));
    outcome = Loop(socket, monitor, &reason);
    if (outcome == Outcome::kStopped) peer_->Ending();
    socket_ = nullptr;
  } else {
    peer_->Refused("cannot reach a worker at " + address.endpoint + ": " + zmq_strerror(zmq_errno()));
  }
  zmq_socket_monitor(socket, nullptr, 0);
  Close(monitor, 0);
  // What was asked of a dead worker must not reach another one under the same address.
  Close(socket, outcome == Outcome::kStopped ? kLingerMs : 0);
  if (outcome == Outcome::kLost) {
    peer_->Lost(reason);
    Rest(kLostRestMs);
  }
  if (outcome == Outcome::kRefused) Rest(kRefusedRestMs);
}

Link::Outcome Link::Loop(void* socket, void* monitor, std::string* reason) {
  zmq_pollitem_t items[] = {
      {socket, 0, ZMQ_POLLIN, 0}, {monitor, 0, ZMQ_POLLIN, 0}, {wake_, 0, ZMQ_POLLIN, 0}};
  const uint64_t began = MonotonicNanoseconds();
  uint64_t heard = began, ticked = began, pinged = 0;
  bool welcomed = false, refused = false;
  while (true) {
    const bool active = welcomed && peer_->Active();
    LookBeforeSleep(active);
    if (zmq_poll(items, 3, active ? kActiveMs : kTickMs) < 0) items[1].revents = 0;
    const bool stopping = stopping_.load(std::memory_order_acquire);
    DoWork();
    if (stopping) return Outcome::kStopped;
    const uint64_t now = MonotonicNanoseconds();
    if (ReceiveAll(socket, &welcomed, &refused)) heard = now;
    if (refused) return Outcome::kRefused;
    if ((items[1].revents & ZMQ_POLLIN) != 0) {
      *reason = "its connection broke";
      return welcomed ? Outcome::kLost : Outcome::kNoAnswer;
    }
    if (now - ticked < kTickMs * kMs) continue;
    if (now - ticked > 1000 * kMs) heard = now;  // this process itself stood still
    ticked = now;
    if (!welcomed) {
      if (now - began < kGreetingNs) continue;
      peer_->Refused("no worker answers there");
      return Outcome::kNoAnswer;
    }
    *reason = peer_->Tick();
    if (reason->empty() && now - heard > kSilenceNs) *reason = "it does not answer";
    if (!reason->empty()) return Outcome::kLost;
    if (now - pinged >= kPingNs) {
      pinged = now;
      Send(EncodePing());
    }
  }
}

// Whether anything came.
bool Link::ReceiveAll(void* socket, bool* welcomed, bool* refused) {
  bool any = false;
  for (int count = 0; count < kMessagesAtOnce && !*refused; ++count) {
    Part head, payload;
    if (!head.Receive(socket)) break;
    any = true;
    if (head.More() && payload.Receive(socket)) {
      for (bool more = payload.More(); more;) {  // a worker sends two parts at most
        Part rest;
        more = rest.Receive(socket) && rest.More();
      }
    }
    std::string problem;
    const auto message = DecodeFromWorker(head.data(), head.bytes(), &problem);
    if (!message) {
      Log(FLASHHEAD_LOG_WARNING, "the worker sent what is no message of protocol 1: " + problem);
    } else if (const auto* welcome = std::get_if<Welcome>(&*message)) {
      *welcomed = welcome->protocol == kProtocol;
      *refused = !*welcomed;
      if (*welcomed) {
        peer_->Welcomed(*welcome);
      } else {
        peer_->Refused("the worker (version " + welcome->version + ") speaks protocol " +
                       std::to_string(welcome->protocol) + ", this library 1: update the older one");
      }
    } else if (const auto* error = std::get_if<Error>(&*message); error != nullptr && !*welcomed) {
      *refused = true;
      peer_->Refused(error->message);
    } else if (*welcomed && !std::holds_alternative<Pong>(*message)) {
      peer_->Received(*message, payload.data(), payload.bytes());
    }
  }
  return any;
}

void Link::DoWork() {
  char ignored;
  while (zmq_recv(wake_, &ignored, sizeof ignored, ZMQ_DONTWAIT) >= 0) {
  }
  Work work;
  while (work_.Pop(&work)) {
    waiting_bytes_.fetch_sub(work.bytes, std::memory_order_relaxed);
    try {
      work.task();
    } catch (const std::exception& error) {
      Log(FLASHHEAD_LOG_ERROR, std::string("a request to the worker failed: ") + error.what());
    }
  }
}

// From now on who posts signals, unless the thread looks `soon`; what was posted before is done.
void Link::LookBeforeSleep(bool soon) {
  awake_.store(soon);
  DoWork();
}

// Work that comes meanwhile is done at the end of it.
void Link::Rest(int milliseconds) {
  for (int rested = 0; rested < milliseconds && !stopping_.load(std::memory_order_acquire);) {
    LookBeforeSleep(false);
    zmq_pollitem_t item{wake_, 0, ZMQ_POLLIN, 0};
    const int step = std::min(50, milliseconds - rested);
    zmq_poll(&item, 1, step);
    rested += step;
  }
  DoWork();
}

}  // namespace flashhead
