// What our own ops of TensorFlow are made with: what we call of tensorflow/c/kernels.h, which asks for headers that an engine's
// folder does not have, and who owns what it gives.
#ifndef SELFSUP_KERNEL_API_H_
#define SELFSUP_KERNEL_API_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>
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

inline Tensor InputOf(TF_OpKernelContext* context, int index, TF_Status* status) {
  TF_Tensor* input = nullptr;
  TF_GetInput(context, index, &input, status);
  return Tensor(input, &TF_DeleteTensor);
}

/**
 * Output 0, of the shape of input 0, which is given; it is in that one's memory where nobody else holds that, and `input` is null
 * then. Null after an error.
 */
inline Tensor OutputLike(TF_OpKernelContext* context, Tensor& input, TF_Status* status) {
  std::vector<int64_t> shape(static_cast<size_t>(TF_NumDims(input.get())));
  for (size_t i = 0; i < shape.size(); i++) shape[i] = TF_Dim(input.get(), static_cast<int>(i));
  // Held here, it could not become the result.
  input.reset();
  const int candidate = 0;
  int forwarded = -1;
  Tensor output(TF_ForwardInputOrAllocateOutput(context, &candidate, 1, 0, shape.data(), static_cast<int>(shape.size()),
                                                &forwarded, status),
                &TF_DeleteTensor);
  if (output != nullptr && forwarded != 0) input = InputOf(context, 0, status);
  return output;
}

}  // namespace selfsup

#endif  // SELFSUP_KERNEL_API_H_
