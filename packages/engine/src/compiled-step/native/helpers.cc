// See helpers.h.
#include "helpers.h"
#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <thread>
#include "calling_thread.h"

namespace selfsup {
namespace {

/** Threads beside the calling one, as many as TensorFlow may use in an op. They handle no signal, since their parents do not. */
class Helpers {
 public:
  explicit Helpers(int count) {
    for (int i = 0; i < count; i++) std::thread([this] { Help(); }).detach();
  }

  void Share(int64_t parts, const std::function<void(int64_t)>& work) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      work_ = &work;
      parts_ = parts;
      next_ = 0;
    }
    asked_.notify_all();
    Take(work, parts);
    std::unique_lock<std::mutex> lock(mutex_);
    // Whoever wakes up from now on finds nothing.
    work_ = nullptr;
    done_.wait(lock, [this] { return helping_ == 0; });
  }

 private:
  void Take(const std::function<void(int64_t)>& work, int64_t parts) {
    for (int64_t part = next_++; part < parts; part = next_++) work(part);
  }

  void Help() {
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
      asked_.wait(lock, [this] { return work_ != nullptr && next_ < parts_; });
      const auto* const work = work_;
      const int64_t parts = parts_;
      helping_++;
      lock.unlock();
      Take(*work, parts);
      lock.lock();
      if (--helping_ == 0) done_.notify_one();
    }
  }

  std::mutex mutex_;
  std::condition_variable asked_;
  std::condition_variable done_;
  const std::function<void(int64_t)>* work_ = nullptr;
  int64_t parts_ = 0;
  std::atomic<int64_t> next_{0};
  int helping_ = 0;
};

int HelpersWanted() {
  const char* const threads = std::getenv("TF_NUM_INTRAOP_THREADS");
  const int count = threads == nullptr ? 0 : std::atoi(threads);
  return (count > 0 ? count : static_cast<int>(std::thread::hardware_concurrency())) - 1;
}

}  // namespace

void InParts(int64_t parts, const std::function<void(int64_t)>& work) {
  // Never destroyed: its threads go on waiting when the process ends.
  static auto* const helpers = new Helpers(HelpersWanted());
  static std::mutex busy;
  // They help one op at a time.
  std::unique_lock<std::mutex> turn(busy, std::defer_lock);
  if (parts > 1 && !ComputesAlone() && turn.try_lock()) return helpers->Share(parts, work);
  for (int64_t part = 0; part < parts; part++) work(part);
}

}  // namespace selfsup
