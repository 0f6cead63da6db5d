// See calling_thread.cc.
#ifndef SELFSUP_CALLING_THREAD_H_
#define SELFSUP_CALLING_THREAD_H_

namespace selfsup {

/** As long as it lives, and with `wanted`, what this thread would hand to TensorFlow's pools of threads it does itself. */
class Alone {
 public:
  explicit Alone(bool wanted);
  ~Alone();
  Alone(const Alone&) = delete;
  Alone& operator=(const Alone&) = delete;

 private:
  const bool before_;
};

/** Whether this thread does all by itself. */
bool ComputesAlone();

}  // namespace selfsup

#endif  // SELFSUP_CALLING_THREAD_H_
