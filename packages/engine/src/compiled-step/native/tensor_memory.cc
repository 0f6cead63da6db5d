// Where TensorFlow's tensors lie: in huge pages, where Linux has them, and in no more of them than are needed at once.
//
// TensorFlow's own allocator takes regions that it never gives back, and what is free in one is of no use to a tensor that is
// larger: of a step of AlexNet a third of the memory was such gaps. Here free pages are moved, whatever their addresses, to where
// a tensor needs them, so that memory grows only when all of it is in use. With TF_ONEDNN_USE_SYSTEM_ALLOCATOR (environment.ts)
// TensorFlow takes each tensor by three functions of its library that are called by name. The addon, with which the library is
// loaded, is looked through for a name before the library is, so those below stand in their place.
#include <sys/mman.h>
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <map>
#include <mutex>
#include <new>
#include <set>
#include <unordered_map>
#include <utility>

namespace selfsup {
namespace {

constexpr uintptr_t kHugePage = uintptr_t{2} << 20;
/** Smaller tensors are malloc's, as they are with TensorFlow's own allocator. */
constexpr size_t kLeast = size_t{256} << 10;
constexpr uintptr_t kAlignment = 64;
/** With more than this (64 GB), pages are not moved any more: Linux counts a process's mappings, and allows 65,530. */
constexpr size_t kMostMoved = 32'768;

uintptr_t RoundUp(uintptr_t size, uintptr_t unit) { return (size + unit - 1) / unit * unit; }

/** A stretch of memory. */
struct Stretch {
  uintptr_t begin;
  size_t size;
};

/** Those that are free. Two that lie side by side are one. */
class FreeStretches {
 public:
  void Add(uintptr_t begin, size_t size) {
    if (size == 0) return;
    auto next = by_place_.lower_bound(begin);
    if (next != by_place_.end() && begin + size == next->first) {
      size += next->second;
      next = Remove(next);
    }
    if (next != by_place_.begin()) {
      const auto before = std::prev(next);
      if (before->first + before->second == begin) {
        begin = before->first;
        size += before->second;
        Remove(before);
      }
    }
    by_place_[begin] = size;
    by_size_.insert({size, begin});
  }

  /** So much of the smallest stretch that has it; 0 where none has. */
  uintptr_t Take(size_t size) {
    const auto found = by_size_.lower_bound({size, 0});
    return found == by_size_.end() ? 0 : Cut(*found, found->second, size);
  }

  /** Whole pages of one stretch, of at most this size together; of size 0 where there are none. */
  Stretch TakePages(size_t most) {
    for (auto found = by_size_.lower_bound({kHugePage, 0}); found != by_size_.end(); ++found) {
      const auto [size, begin] = *found;
      const uintptr_t first = RoundUp(begin, kHugePage);
      const uintptr_t end = (begin + size) / kHugePage * kHugePage;
      if (first >= end) continue;
      const size_t taken = std::min<size_t>(end - first, most);
      return {Cut(*found, first, taken), taken};
    }
    return {0, 0};
  }

 private:
  using ByPlace = std::map<uintptr_t, size_t>;

  /** Takes a part out of a free stretch; gives its beginning. */
  uintptr_t Cut(std::pair<size_t, uintptr_t> stretch, uintptr_t begin, size_t size) {
    const uintptr_t end = stretch.second + stretch.first;
    Remove(by_place_.find(stretch.second));
    Add(stretch.second, begin - stretch.second);
    Add(begin + size, end - (begin + size));
    return begin;
  }

  ByPlace::iterator Remove(ByPlace::iterator stretch) {
    by_size_.erase({stretch->second, stretch->first});
    return by_place_.erase(stretch);
  }

  ByPlace by_place_;
  std::set<std::pair<size_t, uintptr_t>> by_size_;
};

/** All tensors that are not malloc's. Never destroyed: TensorFlow frees until the process ends. */
class TensorMemory {
 public:
  static TensorMemory& Get() {
    static TensorMemory* memory = new TensorMemory();
    return *memory;
  }

  /** Null where the kernel refuses. */
  void* Allocate(size_t bytes) {
    const size_t size = RoundUp(bytes, kAlignment);
    const std::lock_guard<std::mutex> lock(mutex_);
    uintptr_t begin = free_.Take(size);
    if (begin == 0) begin = Gather(size);
    if (begin == 0) return nullptr;
    sizes_[begin] = size;
    if (begin < lowest_) lowest_ = begin;
    if (begin > highest_) highest_ = begin;
    return reinterpret_cast<void*>(begin);
  }

  /** Whether the tensor is one of these: else it is malloc's. */
  bool Free(void* address) {
    const uintptr_t begin = reinterpret_cast<uintptr_t>(address);
    if (begin < lowest_ || begin > highest_) return false;
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = sizes_.find(begin);
    if (found == sizes_.end()) return false;
    free_.Add(begin, found->second);
    sizes_.erase(found);
    return true;
  }

 private:
  /** Memory of free pages from wherever they are, and of new ones where these are not enough. */
  uintptr_t Gather(size_t size) {
    const size_t room = RoundUp(size, kHugePage);
    const uintptr_t block = Reserve(room);
    if (block == 0) return 0;
    size_t filled = 0;
    while (filled < room) {
      const Stretch pages = free_.TakePages(room - filled);
      if (pages.size == 0) break;
      // One at a time: side by side they may be of several mappings.
      for (size_t at = 0; at < pages.size; at += kHugePage, filled += kHugePage) {
        if (!Move(pages.begin + at, block + filled)) return 0;
      }
    }
    held_ += (room - filled) / kHugePage;
    free_.Add(block + size, room - size);
    return block;
  }

  /** Addresses on the bounds of huge pages, of which none has memory yet. */
  static uintptr_t Reserve(size_t size) {
    const uintptr_t mapped = Map(0, size + kHugePage, 0);
    if (mapped == 0) return 0;
    const uintptr_t begin = RoundUp(mapped, kHugePage);
    Unmap(mapped, begin - mapped);
    Unmap(begin + size, mapped + kHugePage - begin);
    return begin;
  }

  static uintptr_t Map(uintptr_t address, size_t size, int flags) {
    void* const wanted = reinterpret_cast<void*>(address);
    void* const mapped = mmap(wanted, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
    if (mapped == MAP_FAILED) return 0;
#ifdef MADV_HUGEPAGE
    madvise(mapped, size, MADV_HUGEPAGE);
#endif
    return reinterpret_cast<uintptr_t>(mapped);
  }

  static void Unmap(uintptr_t begin, size_t size) {
    if (size > 0) munmap(reinterpret_cast<void*>(begin), size);
  }

  /** Where the kernel will not move a page, it gets it back for a new one. */
  bool Move(uintptr_t from, uintptr_t to) const {
    void* const page = reinterpret_cast<void*>(from);
    if (held_ <= kMostMoved &&
        mremap(page, kHugePage, kHugePage, MREMAP_MAYMOVE | MREMAP_FIXED, reinterpret_cast<void*>(to)) != MAP_FAILED) {
      return true;
    }
    Unmap(from, kHugePage);
    return Map(to, kHugePage, MAP_FIXED) != 0;
  }

  std::mutex mutex_;
  FreeStretches free_;
  std::unordered_map<uintptr_t, size_t> sizes_;
  size_t held_ = 0;  // pages in all
  std::atomic<uintptr_t> lowest_{UINTPTR_MAX};
  std::atomic<uintptr_t> highest_{0};
};

}  // namespace
}  // namespace selfsup

namespace tsl {
namespace port {

void* AlignedMalloc(size_t size, std::align_val_t alignment) {
  const size_t unit = static_cast<size_t>(alignment);
  if (size >= selfsup::kLeast && unit <= selfsup::kAlignment) return selfsup::TensorMemory::Get().Allocate(size);
  void* address = nullptr;
  return posix_memalign(&address, std::max(unit, sizeof(void*)), size) == 0 ? address : nullptr;
}

void AlignedFree(void* address) {
  if (address == nullptr || !selfsup::TensorMemory::Get().Free(address)) std::free(address);
}

void AlignedSizedFree(void* address, size_t, std::align_val_t) { AlignedFree(address); }

}  // namespace port
}  // namespace tsl
