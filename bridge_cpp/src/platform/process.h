// Processes, folders and environment of the system, paths and text in UTF-8. One file per platform implements it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace flashhead {

// A process that was started here and ends with this one: its stdin closes then, however this one ended.
class ChildProcess {
 public:
  // `environment` is added to the one of this process. Throws std::runtime_error, in words, when it cannot be started.
  ChildProcess(const std::vector<std::string>& words,
               const std::vector<std::pair<std::string, std::string>>& environment);
  ~ChildProcess();  // kills it if it still runs
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  // Nothing while it runs; else its exit code, negative when it was killed.
  std::optional<int> ExitCode();
  // Close its stdin, by which it is asked to end, and wait for that; after `patience_ms` it is killed.
  void End(int patience_ms);

 private:
  struct System;
  std::unique_ptr<System> system_;
};

// The value of an environment variable; "" when it is not set.
std::string EnvironmentVariable(const char* name);

// The folder of this user's worker sockets and of the discovery file, made for this user alone where it is missing;
// throws std::runtime_error when something that others may change is in its place.
std::string RuntimeFolder();
// An endpoint for a worker of one's own, that nobody else uses.
std::string PrivateEndpoint();
enum class Owner { kThisUser, kAnyone };
// A small file that this user, or anyone, may have written; nothing when there is none.
std::optional<std::string> ReadSmallFile(const std::string& path, Owner owner);

bool ProcessLives(uint32_t pid);
// For a thread of the library: signals are the program's, and waking it must not take a processor from the program.
void StayInBackground();
void SleepMs(int milliseconds);

}  // namespace flashhead
