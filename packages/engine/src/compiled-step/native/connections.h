// See connections.cc.
#ifndef SELFSUP_CONNECTIONS_H_
#define SELFSUP_CONNECTIONS_H_

#include <vector>
#include "tensorflow/c/eager/c_api.h"

namespace selfsup {

/**
 * From now on, when one of these sockets' other ends is gone, all adding among processes fails with ABORTED, what is under way
 * and what would come.
 */
void WatchConnections(TFE_Context* context, const std::vector<int>& sockets);

/**
 * Ends the process and destroys nothing: that thread, and those of TensorFlow that still wait for another process, may use what
 * there is to the last.
 */
[[noreturn]] void LeaveAtOnce(int code);

}  // namespace selfsup

#endif  // SELFSUP_CONNECTIONS_H_
