#include "platform/process.h"

#include "platform/windows.h"

#include <winsock2.h>

#include <stdexcept>

namespace flashhead {
namespace {

constexpr size_t kSmallFile = 4096;
constexpr UINT kKilled = 1;

[[noreturn]] void Fail(const std::string& what) { throw std::runtime_error(what + ": " + ErrorText(GetLastError())); }

// A word as the C runtime of the program takes command lines apart: backslashes are doubled before a quote alone.
std::wstring Quoted(const std::wstring& word) {
  if (!word.empty() && word.find_first_of(L" \t\n\v\"") == std::wstring::npos) return word;
  std::wstring quoted = L"\"";
  size_t backslashes = 0;
  for (const wchar_t letter : word) {
    if (letter == L'\\') {
      ++backslashes;
      continue;
    }
    quoted.append(letter == L'"' ? 2 * backslashes + 1 : backslashes, L'\\');
    quoted += letter;
    backslashes = 0;
  }
  return quoted.append(2 * backslashes, L'\\') + L'"';
}

std::wstring CommandLine(const std::vector<std::string>& words) {
  std::wstring line;
  for (const auto& word : words) line += (line.empty() ? L"" : L" ") + Quoted(Utf16(word));
  return line;
}

// The block of "NAME=value" texts of this process, with some added in place of their equals.
std::wstring Environment(const std::vector<std::pair<std::string, std::string>>& added) {
  std::wstring block;
  wchar_t* variables = GetEnvironmentStringsW();
  for (const wchar_t* entry = variables; entry != nullptr && *entry != L'\0'; entry += wcslen(entry) + 1) {
    bool replaced = false;
    for (const auto& [name, value] : added) {
      const std::wstring begin = Utf16(name) + L"=";
      const int units = static_cast<int>(begin.size());
      replaced |= wcslen(entry) >= begin.size() &&
                  CompareStringOrdinal(entry, units, begin.c_str(), units, TRUE) == CSTR_EQUAL;
    }
    if (!replaced) block.append(entry).append(1, L'\0');
  }
  FreeEnvironmentStringsW(variables);
  for (const auto& [name, value] : added) block.append(Utf16(name) + L"=" + Utf16(value)).append(1, L'\0');
  return block.append(1, L'\0');
}

// A copy of a standard handle that a child may have; nothing in a program without a console.
HANDLE Inheritable(DWORD which) {
  const HANDLE handle = GetStdHandle(which), self = GetCurrentProcess();
  HANDLE copy = nullptr;
  if (handle == nullptr || handle == INVALID_HANDLE_VALUE) return nullptr;
  return DuplicateHandle(self, handle, self, &copy, 0, TRUE, DUPLICATE_SAME_ACCESS) == 0 ? nullptr : copy;
}

// Names the handles that a child inherits; all others of this process, and of the game around it, stay here.
class InheritedHandles {
 public:
  explicit InheritedHandles(std::vector<HANDLE> handles) : handles_(std::move(handles)) {
    SIZE_T bytes = 0;
    InitializeProcThreadAttributeList(nullptr, 1, 0, &bytes);
    memory_.resize(bytes);
    if (InitializeProcThreadAttributeList(list(), 1, 0, &bytes) == 0 ||
        UpdateProcThreadAttribute(list(), 0, PROC_THREAD_ATTRIBUTE_HANDLE_LIST, handles_.data(),
                                  handles_.size() * sizeof(HANDLE), nullptr, nullptr) == 0) {
      Fail("no list of handles for a worker");
    }
  }
  ~InheritedHandles() { DeleteProcThreadAttributeList(list()); }
  InheritedHandles(const InheritedHandles&) = delete;
  InheritedHandles& operator=(const InheritedHandles&) = delete;
  LPPROC_THREAD_ATTRIBUTE_LIST list() { return reinterpret_cast<LPPROC_THREAD_ATTRIBUTE_LIST>(memory_.data()); }

 private:
  std::vector<HANDLE> handles_;
  std::vector<char> memory_;
};

// All processes in it end when its last handle closes, which is when this process has ended, however it ended.
HANDLE JobThatEndsWithUs() {
  Handle job(CreateJobObjectW(nullptr, nullptr));
  JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits{};
  limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
  if (!job || SetInformationJobObject(job.get(), JobObjectExtendedLimitInformation, &limits, sizeof limits) == 0) {
    Fail("no job for a worker");
  }
  return job.Release();
}

}  // namespace

struct ChildProcess::System {
  Handle process, job, input;
  std::optional<int> code;
};

ChildProcess::ChildProcess(const std::vector<std::string>& words,
                           const std::vector<std::pair<std::string, std::string>>& environment)
    : system_(std::make_unique<System>()) {
  Handle child_input;
  if (CreatePipe(child_input.out(), system_->input.out(), nullptr, 0) == 0 ||
      SetHandleInformation(child_input.get(), HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT) == 0) {
    Fail("no pipe for a worker");
  }
  const Handle output(Inheritable(STD_OUTPUT_HANDLE)), errors(Inheritable(STD_ERROR_HANDLE));
  std::vector<HANDLE> handles;
  for (const HANDLE handle : {child_input.get(), output.get(), errors.get()}) {
    if (handle != nullptr) handles.push_back(handle);
  }
  InheritedHandles inherited(std::move(handles));
  STARTUPINFOEXW start{};
  start.StartupInfo.cb = sizeof start;
  start.StartupInfo.dwFlags = STARTF_USESTDHANDLES;
  start.StartupInfo.hStdInput = child_input.get();
  start.StartupInfo.hStdOutput = output.get();
  start.StartupInfo.hStdError = errors.get();
  start.lpAttributeList = inherited.list();
  *system_->job.out() = JobThatEndsWithUs();
  std::wstring line = CommandLine(words), variables = Environment(environment);
  PROCESS_INFORMATION made{};
  // Suspended until it is in the job, so that it has no time to start processes outside.
  if (CreateProcessW(nullptr, line.data(), nullptr, nullptr, TRUE,
                     CREATE_SUSPENDED | CREATE_NO_WINDOW | CREATE_UNICODE_ENVIRONMENT | EXTENDED_STARTUPINFO_PRESENT,
                     variables.data(), nullptr, &start.StartupInfo, &made) == 0) {
    Fail("cannot start a worker with " + words[0]);
  }
  const Handle thread(made.hThread);
  *system_->process.out() = made.hProcess;
  if (AssignProcessToJobObject(system_->job.get(), made.hProcess) == 0) {
    const DWORD error = GetLastError();
    TerminateProcess(made.hProcess, kKilled);
    throw std::runtime_error("cannot have a worker end with this program: " + ErrorText(error));
  }
  ResumeThread(thread.get());
}

ChildProcess::~ChildProcess() { End(0); }

std::optional<int> ChildProcess::ExitCode() {
  if (system_->code) return system_->code;
  if (WaitForSingleObject(system_->process.get(), 0) != WAIT_OBJECT_0) return std::nullopt;
  DWORD code = 0;
  GetExitCodeProcess(system_->process.get(), &code);
  // Those of crashes, such as 0xC0000005, are negative so.
  system_->code = static_cast<int>(code);
  return system_->code;
}

void ChildProcess::End(int patience_ms) {
  system_->input.Close();
  if (WaitForSingleObject(system_->process.get(), static_cast<DWORD>(patience_ms)) == WAIT_OBJECT_0) return;
  TerminateJobObject(system_->job.get(), kKilled);
  WaitForSingleObject(system_->process.get(), 2000);
}

std::string EnvironmentVariable(const char* name) {
  const std::wstring wide = Utf16(name);
  std::wstring value(256, L'\0');
  DWORD units = GetEnvironmentVariableW(wide.c_str(), value.data(), static_cast<DWORD>(value.size()));
  while (units >= value.size()) {  // it did not fit: the number is what it needs
    value.resize(units);
    units = GetEnvironmentVariableW(wide.c_str(), value.data(), static_cast<DWORD>(value.size()));
  }
  value.resize(units);
  return Utf8(value);
}

std::string RuntimeFolder() {
  // Its access list, which new files inherit, lets in this user (and administrators) alone.
  const std::string local = EnvironmentVariable("LOCALAPPDATA");
  if (local.empty()) throw std::runtime_error("LOCALAPPDATA is not set: no folder for the worker's address");
  const std::string path = local + "\\flashhead";
  if (CreateDirectoryW(Utf16(path).c_str(), nullptr) == 0 && GetLastError() != ERROR_ALREADY_EXISTS) {
    Fail(path + ": no folder for the worker's address");
  }
  const DWORD found = GetFileAttributesW(Utf16(path).c_str());
  if (found == INVALID_FILE_ATTRIBUTES) Fail(path);
  if ((found & FILE_ATTRIBUTE_DIRECTORY) == 0 || (found & FILE_ATTRIBUTE_REPARSE_POINT) != 0) {
    throw std::runtime_error(path + " is a link or a file, not a folder of yours: remove it");
  }
  return path;
}

// A port that is free now. There are no ipc:// sockets on Windows; the token keeps other users out.
std::string PrivateEndpoint() {
  WSADATA sockets;
  if (WSAStartup(MAKEWORD(2, 2), &sockets) != 0) throw std::runtime_error("this system has no sockets");
  const SOCKET probe = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int bytes = sizeof address;
  const bool found = probe != INVALID_SOCKET && bind(probe, reinterpret_cast<sockaddr*>(&address), bytes) == 0 &&
                     getsockname(probe, reinterpret_cast<sockaddr*>(&address), &bytes) == 0;
  const DWORD error = static_cast<DWORD>(WSAGetLastError());
  if (probe != INVALID_SOCKET) closesocket(probe);
  WSACleanup();
  if (!found) throw std::runtime_error("no port for a worker: " + ErrorText(error));
  return "tcp://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
}

std::optional<std::string> ReadSmallFile(const std::string& path, Owner owner) {
  const Handle file(CreateFileW(Utf16(path).c_str(), GENERIC_READ | READ_CONTROL,
                                FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, nullptr, OPEN_EXISTING,
                                FILE_FLAG_OPEN_REPARSE_POINT, nullptr));
  BY_HANDLE_FILE_INFORMATION found;
  if (!file || GetFileInformationByHandle(file.get(), &found) == 0) return std::nullopt;
  if ((found.dwFileAttributes & (FILE_ATTRIBUTE_DIRECTORY | FILE_ATTRIBUTE_REPARSE_POINT)) != 0) return std::nullopt;
  if (owner == Owner::kThisUser && !IsOfThisUser(file.get(), SE_FILE_OBJECT, false)) return std::nullopt;
  std::string text(kSmallFile + 1, '\0');
  DWORD bytes = 0;
  if (ReadFile(file.get(), text.data(), static_cast<DWORD>(text.size()), &bytes, nullptr) == 0 || bytes > kSmallFile) {
    return std::nullopt;
  }
  text.resize(bytes);
  return text;
}

bool ProcessLives(uint32_t pid) {
  const Handle process(OpenProcess(SYNCHRONIZE, FALSE, pid));
  if (!process) return GetLastError() == ERROR_ACCESS_DENIED;
  return WaitForSingleObject(process.get(), 0) == WAIT_TIMEOUT;
}

void StayInBackground() { SetThreadPriority(GetCurrentThread(), THREAD_PRIORITY_BELOW_NORMAL); }

void SleepMs(int milliseconds) { Sleep(static_cast<DWORD>(milliseconds)); }

}  // namespace flashhead
