#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <random>

#include "core/ring_error.h"
#include "platform/shared_memory.h"

namespace flashhead {
namespace {

constexpr char kPrefix[] = "flashhead-";
constexpr mode_t kOnlyThisUser = 0600;
#ifdef __linux__
// Else each page is mapped when it is written first: 300 us for a frame of 1 MiB instead of 60.
constexpr int kMapNow = MAP_POPULATE;
#else
constexpr int kMapNow = 0;
#endif

[[noreturn]] void Fail(const std::string& what) { throw RingError(what + ": " + std::strerror(errno)); }

std::string RandomName() {
  char name[32];
  // macOS allows 31 characters; 64 random bits cannot be guessed by another process in time.
  std::snprintf(name, sizeof name, "/%s%016llx", kPrefix, static_cast<unsigned long long>(RandomNumber()));
  return name;
}

bool ReservePages(int file, uint64_t bytes) {
  if (ftruncate(file, static_cast<off_t>(bytes)) != 0) return false;
#ifdef __linux__
  // Without this a full /dev/shm would kill the writer later, with SIGBUS.
  errno = posix_fallocate(file, 0, static_cast<off_t>(bytes));
  return errno == 0;
#else
  return true;
#endif
}

}  // namespace

SharedMemory SharedMemory::Create(uint64_t bytes) {
  SharedMemory memory;
  const std::string name = RandomName();
  memory.file_ = shm_open(name.c_str(), O_CREAT | O_EXCL | O_RDWR, kOnlyThisUser);
  if (memory.file_ < 0) Fail("cannot make shared memory " + name);
  // From here on the destructor removes it.
  memory.name_ = name;
  memory.made_here_ = true;
  memory.bytes_ = bytes;
  // Locked before anything else, so that no sweep takes it for a leftover.
  if (flock(memory.file_, LOCK_EX | LOCK_NB) != 0) Fail("cannot lock shared memory " + name);
  if (!ReservePages(memory.file_, bytes)) {
    Fail("cannot reserve " + std::to_string(bytes) + " bytes of shared memory (is /dev/shm full?)");
  }
  void* data = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | kMapNow, memory.file_, 0);
  if (data == MAP_FAILED) Fail("cannot map shared memory " + name);
  memory.data_ = data;
  memory.mapped_ = true;
  return memory;
}

SharedMemory SharedMemory::Private(uint64_t bytes) {
  SharedMemory memory;
  void* data = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (data == MAP_FAILED) Fail("no memory for " + std::to_string(bytes) + " bytes of frames");
  memory.data_ = data;
  memory.bytes_ = bytes;
  memory.mapped_ = true;
  return memory;
}

SharedMemory SharedMemory::Open(const std::string& name) {
  if (name.rfind(std::string("/") + kPrefix, 0) != 0 || name.find('/', 1) != std::string::npos) {
    throw RingError("'" + name + "' is not the name of a ring of FlashHead Engine");
  }
  SharedMemory memory;
  memory.name_ = name;
  memory.file_ = shm_open(name.c_str(), O_RDONLY, 0);
  if (memory.file_ < 0) Fail("cannot open shared memory " + name);
  struct stat status;
  if (fstat(memory.file_, &status) != 0) Fail("cannot examine shared memory " + name);
  if (status.st_uid != geteuid() || (status.st_mode & 0077) != 0) {
    throw RingError("shared memory " + name + " belongs to another user or is open to others; not trusted");
  }
  memory.bytes_ = static_cast<uint64_t>(status.st_size);
  if (memory.bytes_ == 0) throw RingError("shared memory " + name + " is empty");
  void* data = mmap(nullptr, memory.bytes_, PROT_READ, MAP_SHARED, memory.file_, 0);
  if (data == MAP_FAILED) Fail("cannot map shared memory " + name);
  memory.data_ = data;
  memory.mapped_ = true;
  return memory;
}

void SharedMemory::Release() {
  if (mapped_) munmap(data_, bytes_);
  if (made_here_) shm_unlink(name_.c_str());
  if (file_ >= 0) close(file_);
  data_ = nullptr;
  file_ = -1;
  made_here_ = mapped_ = false;
}

bool SharedMemory::MakerLives() const {
  if (made_here_ || file_ < 0) return data_ != nullptr;
  if (flock(file_, LOCK_SH | LOCK_NB) != 0) return true;
  flock(file_, LOCK_UN);
  return false;
}

int SweepSharedMemory() {
  int removed = 0;
#ifdef __linux__
  DIR* folder = opendir("/dev/shm");
  if (folder == nullptr) return 0;
  while (const dirent* entry = readdir(folder)) {
    if (std::strncmp(entry->d_name, kPrefix, sizeof kPrefix - 1) != 0) continue;
    const std::string name = std::string("/") + entry->d_name;
    const int file = shm_open(name.c_str(), O_RDWR | O_NOFOLLOW, 0);
    if (file < 0) continue;
    struct stat status;
    const bool mine = fstat(file, &status) == 0 && status.st_uid == geteuid();
    if (mine && flock(file, LOCK_EX | LOCK_NB) == 0 && shm_unlink(name.c_str()) == 0) ++removed;
    close(file);
  }
  closedir(folder);
#endif
  return removed;
}

uint64_t RandomNumber() {
  std::random_device device;
  return (uint64_t{device()} << 32) ^ device();
}

uint64_t MonotonicNanoseconds() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000u + static_cast<uint64_t>(now.tv_nsec);
}

uint64_t ProcessId() { return static_cast<uint64_t>(getpid()); }

}  // namespace flashhead
