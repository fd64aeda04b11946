#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "platform/process.h"

namespace flashhead {

struct WorkerAddress {
  std::string endpoint;
  std::string token;
};

// Says where the worker is, each time anew, because it may have come back elsewhere. Throws std::runtime_error, in
// words, when there is none.
using Locate = std::function<WorkerAddress()>;

// The worker at `endpoint`, else the one that the environment names, else the one of the discovery file.
Locate LocateRunning(std::string endpoint, std::string token);

// A worker of one's own, that is started when it is looked for and does not run.
class PrivateWorker {
 public:
  explicit PrivateWorker(std::vector<std::string> program);
  WorkerAddress Find();
  // Ask it to end and wait for it.
  void End();

 private:
  void Start();

  std::vector<std::string> command_;
  WorkerAddress address_;
  std::unique_ptr<ChildProcess> process_;
  uint64_t started_ns_ = 0;
  bool failure_told_ = false;
};

}  // namespace flashhead
