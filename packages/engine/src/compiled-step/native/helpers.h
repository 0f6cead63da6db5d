// Threads that share the parts of our own ops: TensorFlow's pools cannot be had by its C API.
#ifndef SELFSUP_HELPERS_H_
#define SELFSUP_HELPERS_H_

#include <cstdint>
#include <functional>

namespace selfsup {

/**
 * Calls `work(part)` for all parts from 0 on, on the calling thread and on those helpers that are free, and comes back when all
 * is done. A thread that computes alone (calling_thread.h) does all by itself.
 */
void InParts(int64_t parts, const std::function<void(int64_t part)>& work);

}  // namespace selfsup

#endif  // SELFSUP_HELPERS_H_
