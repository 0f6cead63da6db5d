// Another process of this machine in whose memory this one adds: see neighbours.cc.
#ifndef SELFSUP_NEIGHBOUR_H_
#define SELFSUP_NEIGHBOUR_H_

#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include "tensorflow/c/tf_status.h"

namespace selfsup {

using Clock = std::chrono::steady_clock;

/** Floats that are added at a time: they stay in a core's cache between being read and being written. */
constexpr size_t kChunk = 32 * 1024;
/** Halves begin at a multiple of so many floats, which is a line of the cache. */
constexpr size_t kLine = 16;
/** What neighbours try to read in each other's memory, and to write there. */
constexpr uint64_t kToken = 0x73656c66737570ull;

/** What a process tells its neighbour: that its tensor is ready there, or that it has written its half. */
struct Message {
  uint64_t turn;
  uint64_t address;
  uint64_t floats;
};

/** Another process of this machine, with which this one adds in turns. */
class Neighbour {
 public:
  ~Neighbour() {
    if (listener_ >= 0) close(listener_);
    if (socket_ >= 0) close(socket_);
  }

  bool Listen(const std::string& name) {
    sockaddr_un address;
    const socklen_t length = Address(name, &address);
    listener_ = length == 0 ? -1 : socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    return listener_ >= 0 && bind(listener_, reinterpret_cast<sockaddr*>(&address), length) == 0 && listen(listener_, 1) == 0;
  }

  bool Connect(const std::string& name) {
    sockaddr_un address;
    const socklen_t length = Address(name, &address);
    socket_ = length == 0 ? -1 : socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    return socket_ >= 0 && connect(socket_, reinterpret_cast<sockaddr*>(&address), length) == 0;
  }

  /** Whether the other end is a process of the same user whose memory can be reached, as this one's can by it. */
  bool Try(bool listened) {
    if (listened) {
      socket_ = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      close(listener_);
      listener_ = -1;
    }
    is_first_ = listened;
    ucred other;
    socklen_t length = sizeof other;
    if (socket_ < 0 || getsockopt(socket_, SOL_SOCKET, SO_PEERCRED, &other, &length) != 0) return false;
    if (other.uid != geteuid() || other.pid <= 0) return false;
    process_ = other.pid;
#ifdef PR_SET_PTRACER
    // Some systems let none but a parent look into a process's memory, unless that says otherwise; others know no such call.
    prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
#endif
    // Kept for good: where this fails the other may still write.
    static uint64_t own[2];
    own[0] = kToken;
    own[1] = 0;
    uint64_t seen = 0;
    Message message = {0, reinterpret_cast<uint64_t>(own), 2};
    const auto until = Clock::now() + std::chrono::seconds(30);
    bool works = Send(message) && Receive(&message, until) == TF_OK && message.floats == 2;
    works = works && Copy(process_vm_readv, &seen, message.address, sizeof seen) && seen == kToken;
    works = works && Copy(process_vm_writev, &seen, message.address + sizeof seen, sizeof seen);
    // Then the other's words have been read and written.
    Message done = {0, 0, works ? uint64_t{1} : uint64_t{0}};
    return Send(done) && Receive(&done, until) == TF_OK && works && done.floats == 1 && own[1] == kToken;
  }

  /**
   * Adds the neighbour's numbers to these, times `scale`, in both memories. Where it is gone, ABORTED: TensorFlow makes another
   * error of UNAVAILABLE. After an error never again.
   */
  TF_Code Add(float* numbers, size_t count, float scale, double seconds) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (is_lost_) return TF_ABORTED;
    const auto until = Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
    const TF_Code code = AddBefore(until, numbers, count, scale);
    is_lost_ = code != TF_OK;
    // The other learns of it at once.
    if (is_lost_) close(std::exchange(socket_, -1));
    return code;
  }

 private:
  using CopyFunction = ssize_t(pid_t, const iovec*, unsigned long, const iovec*, unsigned long, unsigned long);

  /** A name that needs no file and ends with its socket; 0 where it is too long. */
  static socklen_t Address(const std::string& name, sockaddr_un* address) {
    std::memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    if (name.size() + 1 > sizeof address->sun_path) return 0;
    std::memcpy(address->sun_path + 1, name.data(), name.size());
    return static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  }

  TF_Code AddBefore(Clock::time_point until, float* numbers, size_t count, float scale) {
    turn_ += 1;
    Message theirs;
    if (!Send({turn_, reinterpret_cast<uint64_t>(numbers), count})) return TF_ABORTED;
    if (const TF_Code code = Receive(&theirs, until); code != TF_OK) return code;
    if (theirs.turn != turn_ || theirs.floats != count) return TF_INVALID_ARGUMENT;
    const size_t half = std::min(count, (count / 2 + kLine - 1) / kLine * kLine);
    const size_t end = is_first_ ? half : count;
    for (size_t at = is_first_ ? 0 : half; at < end; at += kChunk) {
      const size_t length = std::min(kChunk, end - at);
      const uint64_t there = theirs.address + at * sizeof(float);
      if (!Copy(process_vm_readv, chunk_.get(), there, length * sizeof(float))) return TF_ABORTED;
      AddChunk(numbers + at, chunk_.get(), length, scale);
      if (!Copy(process_vm_writev, numbers + at, there, length * sizeof(float))) return TF_ABORTED;
    }
    if (!Send({turn_, 0, 0})) return TF_ABORTED;
    if (const TF_Code code = Receive(&theirs, until); code != TF_OK) return code;
    return theirs.turn == turn_ ? TF_OK : TF_INVALID_ARGUMENT;
  }

  static void AddChunk(float* __restrict numbers, const float* __restrict others, size_t length, float scale) {
    size_t i = 0;
    for (; i + kLine <= length; i += kLine) {
      for (size_t j = i; j < i + kLine; j++) numbers[j] = (numbers[j] + others[j]) * scale;
    }
    for (; i < length; i++) numbers[i] = (numbers[i] + others[i]) * scale;
  }

  /** All bytes from or to an address of the neighbour's. */
  bool Copy(CopyFunction* copy, void* here, uint64_t there, size_t bytes) const {
    const iovec own = {here, bytes};
    const iovec other = {reinterpret_cast<void*>(there), bytes};
    return copy(process_, &own, 1, &other, 1, 0) == static_cast<ssize_t>(bytes);
  }

  bool Send(const Message& message) const {
    ssize_t sent;
    do {
      sent = send(socket_, &message, sizeof message, MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    return sent == static_cast<ssize_t>(sizeof message);
  }

  TF_Code Receive(Message* message, Clock::time_point until) const {
    for (;;) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()).count();
      if (left <= 0) return TF_DEADLINE_EXCEEDED;
      pollfd ready = {socket_, POLLIN, 0};
      if (poll(&ready, 1, static_cast<int>(std::min<int64_t>(left, INT32_MAX))) <= 0) continue;
      const ssize_t got = recv(socket_, message, sizeof *message, MSG_DONTWAIT);
      if (got == static_cast<ssize_t>(sizeof *message)) return TF_OK;
      if (got >= 0 || (errno != EINTR && errno != EAGAIN)) return TF_ABORTED;
    }
  }

  std::mutex mutex_;
  int listener_ = -1;
  int socket_ = -1;
  pid_t process_ = 0;
  bool is_first_ = false;
  bool is_lost_ = false;
  uint64_t turn_ = 0;
  const std::unique_ptr<float[]> chunk_{new float[kChunk]};
};

}  // namespace selfsup

#endif  // SELFSUP_NEIGHBOUR_H_
