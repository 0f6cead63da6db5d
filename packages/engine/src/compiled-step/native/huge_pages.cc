// Large blocks of TensorFlow's memory in huge pages, where Linux has them: arithmetic that passes over it takes less time.
//
// TensorFlow takes the regions that its tensors lie in by three functions of its library that are called by name. The addon,
// with which the library is loaded, is looked through for a name before the library is, so those below stand in their place.
#include <sys/mman.h>
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <new>
#include <unordered_map>

namespace selfsup {
namespace {

constexpr size_t kHugePage = size_t{2} << 20;
/** Smaller blocks are malloc's: clearing a huge page for each of them would cost more than it gains. */
constexpr size_t kLeast = 8 * kHugePage;

/** Blocks that lie in huge pages, with their sizes. Never destroyed: TensorFlow frees until the process ends. */
class HugeBlocks {
 public:
  static HugeBlocks& Get() {
    static HugeBlocks* blocks = new HugeBlocks();
    return *blocks;
  }

  /** Null where the kernel refuses. */
  void* Allocate(size_t bytes) {
    const size_t size = RoundUp(bytes);
    const size_t room = size + kHugePage;
    void* mapped = mmap(nullptr, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED) return nullptr;
    const uintptr_t start = reinterpret_cast<uintptr_t>(mapped);
    const uintptr_t aligned = RoundUp(start);
    if (aligned > start) munmap(mapped, aligned - start);
    const uintptr_t rest = start + room - (aligned + size);
    void* address = reinterpret_cast<void*>(aligned);
    if (rest > 0) munmap(reinterpret_cast<void*>(aligned + size), rest);
#ifdef MADV_HUGEPAGE
    madvise(address, size, MADV_HUGEPAGE);
#endif
    const std::lock_guard<std::mutex> lock(mutex_);
    sizes_[address] = size;
    return address;
  }

  /** Whether the block is one of these: else it is malloc's. */
  bool Free(void* address) {
    if (reinterpret_cast<uintptr_t>(address) % kHugePage != 0) return false;
    size_t size = 0;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      const auto found = sizes_.find(address);
      if (found == sizes_.end()) return false;
      size = found->second;
      sizes_.erase(found);
    }
    munmap(address, size);
    return true;
  }

 private:
  static uintptr_t RoundUp(uintptr_t size) { return (size + kHugePage - 1) / kHugePage * kHugePage; }

  std::mutex mutex_;
  std::unordered_map<void*, size_t> sizes_;
};

}  // namespace
}  // namespace selfsup

namespace tsl {
namespace port {

void* AlignedMalloc(size_t size, std::align_val_t alignment) {
  const size_t unit = static_cast<size_t>(alignment);
  if (size >= selfsup::kLeast && unit <= selfsup::kHugePage) return selfsup::HugeBlocks::Get().Allocate(size);
  void* address = nullptr;
  return posix_memalign(&address, std::max(unit, sizeof(void*)), size) == 0 ? address : nullptr;
}

void AlignedFree(void* address) {
  if (address == nullptr || !selfsup::HugeBlocks::Get().Free(address)) std::free(address);
}

void AlignedSizedFree(void* address, size_t, std::align_val_t) { AlignedFree(address); }

}  // namespace port
}  // namespace tsl
