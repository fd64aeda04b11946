#include "platform/windows.h"

#include <sddl.h>

#include <cstdio>
#include <random>

#include "core/ring_error.h"
#include "platform/process.h"
#include "platform/shared_memory.h"

namespace flashhead {
namespace {

constexpr char kPrefix[] = "/flashhead-";
constexpr char kFolder[] = "FLASHHEAD_RING_FOLDER";
constexpr size_t kPage = 4096;

[[noreturn]] void Fail(const std::string& what) { throw RingError(what + ": " + ErrorText(GetLastError())); }

std::string RandomName() {
  char name[32];
  std::snprintf(name, sizeof name, "%s%016llx", kPrefix, static_cast<unsigned long long>(RandomNumber()));
  return name;
}

// Names are the protocol's, "/flashhead-..."; the system has them in the namespace of the user's session.
std::wstring SystemName(const std::string& name) { return L"Local\\" + Utf16(name.substr(1)); }

// Access for this user alone, who owns it even where the process is elevated.
class OnlyThisUser {
 public:
  OnlyThisUser() {
    const std::wstring user = ThisUser(), words = L"O:" + user + L"D:P(A;;GA;;;" + user + L")";
    if (ConvertStringSecurityDescriptorToSecurityDescriptorW(words.c_str(), SDDL_REVISION_1, &descriptor_, nullptr) ==
        0) {
      Fail("no access list for shared memory");
    }
    attributes_ = {sizeof attributes_, descriptor_, FALSE};
  }
  ~OnlyThisUser() { LocalFree(descriptor_); }
  OnlyThisUser(const OnlyThisUser&) = delete;
  OnlyThisUser& operator=(const OnlyThisUser&) = delete;
  SECURITY_ATTRIBUTES* get() { return &attributes_; }

 private:
  PSECURITY_DESCRIPTOR descriptor_ = nullptr;
  SECURITY_ATTRIBUTES attributes_{};
};

// The mapping of a ring that a worker of this system made.
HANDLE OpenSection(const std::string& name) {
  Handle section(OpenFileMappingW(FILE_MAP_READ | READ_CONTROL, FALSE, SystemName(name).c_str()));
  if (!section) Fail("cannot open shared memory " + name);
  if (!IsOfThisUser(section.get(), SE_KERNEL_OBJECT, true)) {
    throw RingError("shared memory " + name + " belongs to another user or is open to others; not trusted");
  }
  return section.Release();
}

// The mapping of a ring that is a file, as those of a worker on Linux are for a program under Wine.
HANDLE OpenFileOf(const std::string& folder, const std::string& name) {
  const std::string path = folder + "\\" + name.substr(1);
  const Handle file(CreateFileW(Utf16(path).c_str(), GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                                nullptr, OPEN_EXISTING, FILE_FLAG_OPEN_REPARSE_POINT, nullptr));
  if (!file) Fail("cannot open shared memory " + path);
  const HANDLE section = CreateFileMappingW(file.get(), nullptr, PAGE_READONLY, 0, 0, nullptr);
  if (section == nullptr) Fail("cannot map shared memory " + path);
  return section;
}

}  // namespace

SharedMemory SharedMemory::Create(uint64_t bytes) {
  SharedMemory memory;
  const std::string name = RandomName();
  OnlyThisUser access;
  Handle section(CreateFileMappingW(INVALID_HANDLE_VALUE, access.get(), PAGE_READWRITE,
                                    static_cast<DWORD>(bytes >> 32), static_cast<DWORD>(bytes & 0xFFFFFFFF),
                                    SystemName(name).c_str()));
  if (!section) Fail("cannot reserve " + std::to_string(bytes) + " bytes of shared memory");
  if (GetLastError() == ERROR_ALREADY_EXISTS) throw RingError("shared memory " + name + " was there before");
  void* data = MapViewOfFile(section.get(), FILE_MAP_WRITE, 0, 0, static_cast<size_t>(bytes));
  if (data == nullptr) Fail("cannot map shared memory " + name);
  // Pages are mapped when they are touched first: now, not while frames are written.
  for (size_t at = 0; at < bytes; at += kPage) static_cast<volatile char*>(data)[at] = 0;
  memory.name_ = name;
  memory.data_ = data;
  memory.bytes_ = bytes;
  memory.mapped_ = memory.made_here_ = true;
  // Its name is there as long as its maker has this handle, so that is the lock.
  memory.file_ = reinterpret_cast<intptr_t>(section.Release());
  return memory;
}

SharedMemory SharedMemory::Private(uint64_t bytes) {
  SharedMemory memory;
  memory.data_ = VirtualAlloc(nullptr, static_cast<size_t>(bytes), MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
  if (memory.data_ == nullptr) Fail("no memory for " + std::to_string(bytes) + " bytes of frames");
  memory.bytes_ = bytes;
  memory.mapped_ = true;
  return memory;
}

SharedMemory SharedMemory::Open(const std::string& name) {
  if (name.rfind(kPrefix, 0) != 0 || name.find_first_of("/\\:", 1) != std::string::npos) {
    throw RingError("'" + name + "' is not the name of a ring of FlashHead Engine");
  }
  const std::string folder = EnvironmentVariable(kFolder);
  // Closed when it is mapped: a name that a reader held would outlive its writer.
  const Handle section(folder.empty() ? OpenSection(name) : OpenFileOf(folder, name));
  SharedMemory memory;
  memory.name_ = name;
  memory.data_ = MapViewOfFile(section.get(), FILE_MAP_READ, 0, 0, 0);
  if (memory.data_ == nullptr) Fail("cannot map shared memory " + name);
  memory.mapped_ = true;
  MEMORY_BASIC_INFORMATION region;
  if (VirtualQuery(memory.data_, &region, sizeof region) == 0) Fail("cannot examine shared memory " + name);
  memory.bytes_ = region.RegionSize;
  return memory;
}

void SharedMemory::Release() {
  if (mapped_ && name_.empty()) VirtualFree(data_, 0, MEM_RELEASE);
  if (mapped_ && !name_.empty()) UnmapViewOfFile(data_);
  if (file_ != -1) CloseHandle(reinterpret_cast<HANDLE>(file_));
  data_ = nullptr;
  file_ = -1;
  made_here_ = mapped_ = false;
}

bool SharedMemory::MakerLives() const {
  if (made_here_ || name_.empty()) return data_ != nullptr;
  // A file tells nothing of its maker; its heartbeat and its connection do.
  if (!EnvironmentVariable(kFolder).empty()) return true;
  return static_cast<bool>(Handle(OpenFileMappingW(FILE_MAP_READ, FALSE, SystemName(name_).c_str())));
}

// Nothing is left behind here: memory goes with the last process that has it.
int SweepSharedMemory() { return 0; }

uint64_t RandomNumber() {
  std::random_device device;
  return (uint64_t{device()} << 32) ^ device();
}

uint64_t MonotonicNanoseconds() {
  LARGE_INTEGER ticks, per_second;
  QueryPerformanceCounter(&ticks);
  QueryPerformanceFrequency(&per_second);
  const auto count = static_cast<uint64_t>(ticks.QuadPart), rate = static_cast<uint64_t>(per_second.QuadPart);
  return count / rate * 1'000'000'000u + count % rate * 1'000'000'000u / rate;
}

uint64_t ProcessId() { return GetCurrentProcessId(); }

}  // namespace flashhead
