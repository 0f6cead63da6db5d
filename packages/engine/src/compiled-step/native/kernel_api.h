// What our own ops of TensorFlow are made with: what we call of tensorflow/c/kernels.h, which asks for headers that an engine's
// folder does not have, and who owns what it gives.
#ifndef SELFSUP_KERNEL_API_H_
#define SELFSUP_KERNEL_API_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include "tensorflow/c/tf_datatype.h"
#include "tensorflow/c/tf_status.h"
#include "tensorflow/c/tf_tensor.h"

extern "C" {

struct TF_KernelBuilder;
struct TF_OpKernelConstruction;
struct TF_OpKernelContext;

TF_KernelBuilder* TF_NewKernelBuilder(const char* op, const char* device, void* (*create)(TF_OpKernelConstruction*),
                                      void (*compute)(void*, TF_OpKernelContext*), void (*destroy)(void*));
void TF_RegisterKernelBuilder(const char* name, TF_KernelBuilder*, TF_Status*);
void TF_OpKernelConstruction_GetAttrInt64(TF_OpKernelConstruction*, const char* attribute, int64_t*, TF_Status*);
void TF_OpKernelConstruction_GetAttrFloat(TF_OpKernelConstruction*, const char* attribute, float*, TF_Status*);
void TF_OpKernelConstruction_GetAttrBool(TF_OpKernelConstruction*, const char* attribute, unsigned char*, TF_Status*);
void TF_OpKernelConstruction_Failure(TF_OpKernelConstruction*, TF_Status*);
void TF_OpKernelContext_Failure(TF_OpKernelContext*, TF_Status*);
void TF_GetInput(TF_OpKernelContext*, int index, TF_Tensor**, TF_Status*);
TF_Tensor* TF_ForwardInputOrAllocateOutput(TF_OpKernelContext*, const int* candidates, int candidate_count, int output,
                                           const int64_t* shape, int rank, int* forwarded, TF_Status*);
TF_Tensor* TF_AllocateOutput(TF_OpKernelContext*, int output, TF_DataType, const int64_t* shape, int rank, size_t bytes,
                             TF_Status*);
}

namespace selfsup {

struct StatusOwner {
  TF_Status* const status = TF_NewStatus();
  ~StatusOwner() { TF_DeleteStatus(status); }
  bool Ok() const { return TF_GetCode(status) == TF_OK; }
};

using Tensor = std::unique_ptr<TF_Tensor, decltype(&TF_DeleteTensor)>;

}  // namespace selfsup

#endif  // SELFSUP_KERNEL_API_H_
