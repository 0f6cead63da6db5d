// A thread that notices when another process is gone, and a way to end in spite of it.
//
// TensorFlow notices it only where messages go to and fro: a process that dies before it comes to an addition for the first time
// is waited for until the time is up, by JavaScript too, which would see its connection end.
#include "connections.h"
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>
#include <csignal>
#include <thread>
#include <utility>
#include "tensorflow/c/c_api_experimental.h"
#include "tensorflow/c/tf_status.h"

namespace selfsup {
namespace {

void Watch(TFE_Context* context, std::vector<pollfd> connections) {
  while (poll(connections.data(), connections.size(), -1) < 0) continue;
  TF_Status* const status = TF_NewStatus();
  TF_SetStatus(status, TF_ABORTED, "Another process is gone");
  TFE_AbortCollectiveOps(context, status);
  TF_DeleteStatus(status);
}

}  // namespace

void WatchConnections(TFE_Context* context, const std::vector<int>& sockets) {
  std::vector<pollfd> connections;
  // Of its own: JavaScript may close what it has.
  for (const int socket : sockets) connections.push_back({fcntl(socket, F_DUPFD_CLOEXEC, 0), POLLRDHUP, 0});
  // A thread that signals do not reach.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread(Watch, context, std::move(connections)).detach();
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void LeaveAtOnce(int code) { _exit(code); }

}  // namespace selfsup
