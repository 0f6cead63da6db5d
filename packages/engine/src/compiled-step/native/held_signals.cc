// Linked into the addon with -Wl,--wrap: while TensorFlow computes, signals wait, and its own threads never get any.
//
// Where oneDNN multiplies matrices it points the stack pointer into a block of its own on the heap (jit_avx512_common_gemm_f32,
// jit_avx_gemm_f32). The frame of a signal that arrives then is written over whatever lies before that block, and the process
// aborts or computes nonsense.
#include <csignal>
#include "tensorflow/c/eager/c_api.h"

namespace {

/** As long as it lives, this thread handles no signal; threads that it starts never will. */
class HeldSignals {
 public:
  HeldSignals() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~HeldSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  HeldSignals(const HeldSignals&) = delete;
  HeldSignals& operator=(const HeldSignals&) = delete;

 private:
  sigset_t before_;
};

}  // namespace

extern "C" {

TFE_Context* __real_TFE_NewContext(const TFE_ContextOptions*, TF_Status*);
void __real_TFE_Execute(TFE_Op*, TFE_TensorHandle**, int*, TF_Status*);

/** Starts TensorFlow's pools of threads. */
TFE_Context* __wrap_TFE_NewContext(const TFE_ContextOptions* options, TF_Status* status) {
  const HeldSignals held;
  return __real_TFE_NewContext(options, status);
}

void __wrap_TFE_Execute(TFE_Op* op, TFE_TensorHandle** results, int* count, TF_Status* status) {
  const HeldSignals held;
  __real_TFE_Execute(op, results, count, status);
}
}
