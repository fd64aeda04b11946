#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "core/address.h"
#include "core/messages.h"
#include "core/spsc_queue.h"

namespace flashhead {

// Whom the network thread tells what happens; all of it on that thread.
class Peer {
 public:
  virtual ~Peer() = default;
  virtual void Welcomed(const Welcome& welcome) = 0;
  // No worker could be had so far, and why.
  virtual void Refused(const std::string& reason) = 0;
  virtual void Received(const FromWorker& message, const void* payload, size_t bytes) = 0;
  virtual void Lost(const std::string& reason) = 0;
  // Ten times a second; why the worker seems to have died, or "".
  virtual std::string Tick() = 0;
  // Whether much is to be expected from the program.
  virtual bool Active() = 0;
  // The last chance to send something.
  virtual void Ending() = 0;
};

// The thread of a client: it owns the sockets, greets the worker, pings it and sees when it dies.
class Link {
 public:
  using Task = std::function<void()>;

  // Throws std::runtime_error when the system gives no sockets. `on_end` is called on the thread in the end.
  Link(Locate locate, Peer* peer, std::string name, std::function<void()> on_end);
  ~Link();  // waits for the thread
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  // Begin, once; the peer hears of everything from then on. Throws std::system_error when there is no thread.
  void Start();
  // Have this done on the thread, in order; never waits. `bytes`: of audio that it carries. False when too much waits.
  bool Post(Task task, size_t bytes = 0);
  // End the thread after what was posted; returns at once.
  void Stop();
  bool Ended() const { return ended_.load(std::memory_order_acquire); }

  // To the worker that was welcomed last, if any; on the thread only.
  void Send(const std::string& message);
  void Send(const std::string& message, const std::string& payload);

 private:
  enum class Outcome { kNoAnswer, kRefused, kLost, kStopped };

  void Run();
  void CloseSockets();
  void Converse(const WorkerAddress& address);
  Outcome Loop(void* socket, void* monitor, std::string* reason);
  void LookBeforeSleep(bool soon);
  bool ReceiveAll(void* socket, bool* welcomed, bool* refused);
  void DoWork();
  void Rest(int milliseconds);
  void Wake();

  Locate locate_;
  Peer* peer_;
  std::string name_;
  std::function<void()> on_end_;
  void* context_ = nullptr;
  void* waker_ = nullptr;      // of those who post
  void* wake_ = nullptr;       // of the thread
  void* socket_ = nullptr;     // while a worker is spoken to
  uint64_t connections_ = 0;   // tried so far
  std::mutex posting_;         // among those who post; the thread takes it at its very end only
  struct Work {
    Task task;
    size_t bytes = 0;
  };
  SpscQueue<Work, 1024> work_;
  std::atomic<size_t> waiting_bytes_{0};
  std::atomic<bool> awake_{true};  // it looks for work soon, by itself or because it was signalled
  std::atomic<bool> stopping_{false};
  std::atomic<bool> ended_{false};
  std::thread thread_;
};

}  // namespace flashhead
