// A function of a small step on the thread that asked for it, alone.
//
// TensorFlow hands a function to a thread of one pool, which hands the parts of each of oneDNN's ops to those of another and
// waits: where there is little to compute, waking threads takes most of the time. Pools are given tasks by two functions of the
// library that are called by name, and those below stand in their place (see tensor_memory.cc): while a thread computes alone, what
// it would hand over it does itself, at once. The parts of an op stay what they are, and with them the bits of its result.
#include "calling_thread.h"
#include <dlfcn.h>
#include <functional>

namespace tsl {
namespace thread {
struct EigenEnvironment;
}  // namespace thread
}  // namespace tsl

namespace selfsup {
namespace {

using Task = std::function<void()>;

thread_local bool alone = false;

/** The library's own function of this name. */
template <typename Function>
Function* Library(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

}  // namespace

Alone::Alone(bool wanted) : before_(alone) { alone = wanted; }
Alone::~Alone() { alone = before_; }
bool ComputesAlone() { return alone; }

}  // namespace selfsup

namespace Eigen {

template <typename Environment>
class ThreadPoolTempl {
 public:
  void Schedule(selfsup::Task task);
  void ScheduleWithHint(selfsup::Task task, int start, int limit);
};

using Pool = ThreadPoolTempl<tsl::thread::EigenEnvironment>;

template <>
void Pool::Schedule(selfsup::Task task) {
  static auto* const library = selfsup::Library<void(Pool*, selfsup::Task)>(
      "_ZN5Eigen15ThreadPoolTemplIN3tsl6thread16EigenEnvironmentEE8ScheduleESt8functionIFvvEE");
  if (selfsup::alone) return task();
  library(this, std::move(task));
}

template <>
void Pool::ScheduleWithHint(selfsup::Task task, int start, int limit) {
  static auto* const library = selfsup::Library<void(Pool*, selfsup::Task, int, int)>(
      "_ZN5Eigen15ThreadPoolTemplIN3tsl6thread16EigenEnvironmentEE16ScheduleWithHintESt8functionIFvvEEii");
  if (selfsup::alone) return task();
  library(this, std::move(task), start, limit);
}

}  // namespace Eigen
