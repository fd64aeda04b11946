#include "platform/process.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

#include "platform/shared_memory.h"

extern char** environ;

namespace flashhead {
namespace {

constexpr size_t kSmallFile = 4096;

[[noreturn]] void Fail(const std::string& what, int error) {
  throw std::runtime_error(what + ": " + std::strerror(error));
}

std::vector<char*> Pointers(std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (auto& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  return pointers;
}

std::vector<std::string> Environment(const std::vector<std::pair<std::string, std::string>>& added) {
  std::vector<std::string> all;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    bool replaced = false;
    for (const auto& [name, value] : added) replaced |= std::strncmp(*entry, (name + "=").c_str(), name.size() + 1) == 0;
    if (!replaced) all.emplace_back(*entry);
  }
  for (const auto& [name, value] : added) all.push_back(name + "=" + value);
  return all;
}

// A pipe that no other process inherits.
void MakePipe(int ends[2]) {
#ifdef __linux__
  const bool made = pipe2(ends, O_CLOEXEC) == 0;
#else
  const bool made = pipe(ends) == 0 && fcntl(ends[0], F_SETFD, FD_CLOEXEC) == 0 &&
                    fcntl(ends[1], F_SETFD, FD_CLOEXEC) == 0;
#endif
  if (!made) Fail("no pipe for a worker", errno);
}

}  // namespace

struct ChildProcess::System {
  pid_t pid = -1;
  int input = -1;
  std::optional<int> code;
};

ChildProcess::ChildProcess(const std::vector<std::string>& words,
                           const std::vector<std::pair<std::string, std::string>>& environment)
    : system_(std::make_unique<System>()) {
  std::vector<std::string> copied = words, variables = Environment(environment);
  const auto arguments = Pointers(copied), values = Pointers(variables);
  int ends[2];
  MakePipe(ends);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[0], 0);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;  // this thread blocks all; the worker must hear of SIGTERM
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  const int error = posix_spawnp(&system_->pid, arguments[0], &actions, &attributes, arguments.data(), values.data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[0]);
  system_->input = ends[1];
  if (error != 0) {
    close(ends[1]);
    Fail("cannot start a worker with " + words[0], error);
  }
}

ChildProcess::~ChildProcess() { End(0); }

std::optional<int> ChildProcess::ExitCode() {
  if (system_->code) return system_->code;
  int status = 0;
  const pid_t ended = waitpid(system_->pid, &status, WNOHANG);
  if (ended == system_->pid) {
    system_->code = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  } else if (ended < 0 && errno == ECHILD && kill(system_->pid, 0) != 0) {
    system_->code = -1;  // a program that ignores SIGCHLD: nobody knows how it ended
  }
  return system_->code;
}

void ChildProcess::End(int patience_ms) {
  if (system_->input >= 0) close(system_->input);
  system_->input = -1;
  for (int waited = 0; !ExitCode() && waited < patience_ms; waited += 5) SleepMs(5);
  if (ExitCode()) return;
  kill(system_->pid, SIGKILL);
  for (int waited = 0; !ExitCode() && waited < 2000; ++waited) SleepMs(1);
}

std::string EnvironmentVariable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::string RuntimeFolder() {
  const std::string session = EnvironmentVariable("XDG_RUNTIME_DIR"), temporary = EnvironmentVariable("TMPDIR");
  const std::string path = !session.empty() ? session + "/flashhead"
                                            : (temporary.empty() ? "/tmp" : temporary) + "/flashhead-" +
                                                  std::to_string(getuid());
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) Fail(path + ": no folder for the worker's sockets", errno);
  struct stat found;
  if (lstat(path.c_str(), &found) != 0) Fail(path, errno);
  if (!S_ISDIR(found.st_mode)) throw std::runtime_error(path + " is a link or a file, not a folder of yours: remove it");
  if (found.st_uid != getuid() || (found.st_mode & 0077) != 0) {
    throw std::runtime_error(path + " belongs to another user or lets others in: remove it, or chmod 700 it");
  }
  return path;
}

std::string PrivateEndpoint() {
  char name[64];
  std::snprintf(name, sizeof name, "/private-%d-%08x", static_cast<int>(getpid()),
                static_cast<unsigned>(RandomNumber() & 0xFFFFFFFF));
  return "ipc://" + RuntimeFolder() + name;
}

std::optional<std::string> ReadSmallFile(const std::string& path, Owner owner) {
  const int links = owner == Owner::kThisUser ? O_NOFOLLOW : 0;
  const int file = open(path.c_str(), O_RDONLY | links | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return std::nullopt;
  std::string text(kSmallFile + 1, '\0');
  struct stat found;
  const bool taken = fstat(file, &found) == 0 && S_ISREG(found.st_mode) &&
                     (owner == Owner::kAnyone || found.st_uid == geteuid());
  const ssize_t bytes = taken ? read(file, text.data(), text.size()) : -1;
  close(file);
  if (bytes < 0 || static_cast<size_t>(bytes) > kSmallFile) return std::nullopt;
  text.resize(static_cast<size_t>(bytes));
  return text;
}

bool ProcessLives(uint32_t pid) { return pid > 0 && (kill(static_cast<pid_t>(pid), 0) == 0 || errno == EPERM); }

void StayInBackground() {
  sigset_t all;
  sigfillset(&all);
  // Faults of the thread itself must still end the program where they happen.
  for (int number : {SIGSEGV, SIGBUS, SIGFPE, SIGILL}) sigdelset(&all, number);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
#ifdef __linux__
  const sched_param none{};
  pthread_setschedparam(pthread_self(), SCHED_BATCH, &none);
#endif
}

void SleepMs(int milliseconds) {
  timespec time{milliseconds / 1000, milliseconds % 1000 * 1'000'000L};
  nanosleep(&time, nullptr);
}

}  // namespace flashhead
