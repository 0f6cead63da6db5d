// A thread that notices when another process is gone.
//
// TensorFlow notices it only where messages go to and fro: a process that dies before it comes to an addition for the first time
// is waited for until the time is up, by JavaScript too, which would see its connection end.
#include "connections.h"
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>
#include <csignal>
#include <memory>
#include <thread>
#include "tensorflow/c/c_api_experimental.h"
#include "tensorflow/c/tf_status.h"

namespace selfsup {
namespace {

class Watch {
 public:
  Watch(TFE_Context* context, const std::vector<int>& sockets) {
    int ends[2] = {-1, -1};
    if (pipe2(ends, O_CLOEXEC) != 0) return;
    watched_.push_back({ends[0], POLLIN, 0});
    // Of its own: JavaScript may close what it has.
    for (const int socket : sockets) watched_.push_back({fcntl(socket, F_DUPFD_CLOEXEC, 0), POLLRDHUP, 0});
    ended_ = ends[1];
    // A thread that signals do not reach.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    thread_ = std::thread([this, context] { Look(context); });
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }

  ~Watch() {
    if (ended_ >= 0) close(ended_);
    if (thread_.joinable()) thread_.join();
    for (const pollfd& one : watched_) close(one.fd);
  }

 private:
  void Look(TFE_Context* context) {
    while (poll(watched_.data(), watched_.size(), -1) < 0) continue;
    if (watched_[0].revents != 0) return;
    TF_Status* const status = TF_NewStatus();
    TF_SetStatus(status, TF_ABORTED, "Another process is gone");
    TFE_AbortCollectiveOps(context, status);
    TF_DeleteStatus(status);
  }

  /** The end of the watch, and the connections. */
  std::vector<pollfd> watched_;
  int ended_ = -1;
  std::thread thread_;
};

std::unique_ptr<Watch>& TheWatch() {
  static auto* const watch = new std::unique_ptr<Watch>();
  return *watch;
}

}  // namespace

void WatchConnections(TFE_Context* context, const std::vector<int>& sockets) {
  TheWatch() = std::make_unique<Watch>(context, sockets);
}
void UnwatchConnections() { TheWatch().reset(); }

}  // namespace selfsup
