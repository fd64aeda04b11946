// Memory for this library alone. The operators of zig's C++ runtime are marked for export and weak: they would leave the
// library, and dyld would mix them with those of the engine. Here they are hidden (-fvisibility-global-new-delete), and
// all of them, so that the linker takes none of the others.
#include <cstddef>
#include <cstdlib>
#include <new>

namespace {

constexpr std::size_t kAlignment = alignof(std::max_align_t);

void* TryAllocate(std::size_t bytes, std::size_t alignment) noexcept {
  void* memory = nullptr;
  return posix_memalign(&memory, alignment, bytes == 0 ? 1 : bytes) == 0 ? memory : nullptr;
}

void* Allocate(std::size_t bytes, std::size_t alignment) {
  if (void* memory = TryAllocate(bytes, alignment)) return memory;
  throw std::bad_alloc();
}

}  // namespace

using std::align_val_t;
using std::nothrow_t;
using std::size_t;

void* operator new(size_t bytes) { return Allocate(bytes, kAlignment); }
void* operator new[](size_t bytes) { return Allocate(bytes, kAlignment); }
void* operator new(size_t bytes, align_val_t alignment) { return Allocate(bytes, size_t(alignment)); }
void* operator new[](size_t bytes, align_val_t alignment) { return Allocate(bytes, size_t(alignment)); }
void* operator new(size_t bytes, const nothrow_t&) noexcept { return TryAllocate(bytes, kAlignment); }
void* operator new[](size_t bytes, const nothrow_t&) noexcept { return TryAllocate(bytes, kAlignment); }
void* operator new(size_t bytes, align_val_t alignment, const nothrow_t&) noexcept {
  return TryAllocate(bytes, size_t(alignment));
}
void* operator new[](size_t bytes, align_val_t alignment, const nothrow_t&) noexcept {
  return TryAllocate(bytes, size_t(alignment));
}

void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, size_t) noexcept { std::free(memory); }
void operator delete(void* memory, align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, size_t, align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, size_t, align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, const nothrow_t&) noexcept { std::free(memory); }
void operator delete[](void* memory, const nothrow_t&) noexcept { std::free(memory); }
void operator delete(void* memory, align_val_t, const nothrow_t&) noexcept { std::free(memory); }
void operator delete[](void* memory, align_val_t, const nothrow_t&) noexcept { std::free(memory); }
