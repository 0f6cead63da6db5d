// See batch_norm.cc.
#ifndef SELFSUP_BATCH_NORM_H_
#define SELFSUP_BATCH_NORM_H_

namespace selfsup {

/** Makes our ops of batch normalisation known to TensorFlow, once; whoever asks for one that it refused is told so. */
void RegisterBatchNorm();

}  // namespace selfsup

#endif  // SELFSUP_BATCH_NORM_H_
