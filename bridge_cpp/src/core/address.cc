#include "core/address.h"

#include <cstdio>
#include <stdexcept>
#include <utility>

#include "core/json.h"
#include "core/manifest.h"
#include "platform/shared_memory.h"

namespace flashhead {
namespace {

constexpr char kEndpoint[] = "FLASHHEAD_ENDPOINT";
constexpr char kToken[] = "FLASHHEAD_TOKEN";
constexpr uint64_t kBetweenStartsNs = 500'000'000;
constexpr int kPatienceMs = 2000;

std::string RandomToken() {
  char token[33];
  std::snprintf(token, sizeof token, "%016llx%016llx", static_cast<unsigned long long>(RandomNumber()),
                static_cast<unsigned long long>(RandomNumber()));
  return token;
}

}  // namespace

Locate LocateRunning(std::string endpoint, std::string token) {
  return [endpoint = std::move(endpoint), token = std::move(token)]() -> WorkerAddress {
    const std::string known = token.empty() ? EnvironmentVariable(kToken) : token;
    if (!endpoint.empty()) return {endpoint, known};
    if (const std::string told = EnvironmentVariable(kEndpoint); !told.empty()) return {told, known};
    if (const auto file = ReadSmallFile(RuntimeFolder() + "/worker.json", Owner::kThisUser)) {
      const auto fields = ParseFlatJson(*file);
      if (fields && ProcessLives(fields->Number("pid"))) return {fields->Text("endpoint"), fields->Text("token")};
    }
    throw std::runtime_error(
        "no worker runs: start one with `flashhead serve`, give its endpoint and token, or launch one");
  };
}

PrivateWorker::PrivateWorker(std::vector<std::string> program) : command_(std::move(program)) {
  command_.emplace_back("--private");
}

WorkerAddress PrivateWorker::Find() {
  if (process_ == nullptr) {
    Start();
  } else if (const auto code = process_->ExitCode()) {
    if (*code > 0 && !failure_told_) {
      failure_told_ = true;
      throw std::runtime_error("the worker ended with exit code " + std::to_string(*code) +
                               "; its own words are on stderr");
    }
    if (MonotonicNanoseconds() - started_ns_ < kBetweenStartsNs) {
      throw std::runtime_error("the worker died as soon as it was started; it is started again shortly");
    }
    Start();
  }
  return address_;
}

void PrivateWorker::Start() {
  process_.reset();
  CheckManifest(command_[0]);
  // Another one each time: the port of one that was killed may not be free at once.
  address_ = {PrivateEndpoint(), RandomToken()};
  process_ = std::make_unique<ChildProcess>(
      command_,
      std::vector<std::pair<std::string, std::string>>{{kEndpoint, address_.endpoint}, {kToken, address_.token}});
  started_ns_ = MonotonicNanoseconds();
  failure_told_ = false;
}

void PrivateWorker::End() {
  if (process_ != nullptr) process_->End(kPatienceMs);
  process_.reset();
}

}  // namespace flashhead
