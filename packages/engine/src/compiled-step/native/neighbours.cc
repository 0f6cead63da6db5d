// Sums of two processes of one machine: an op of TensorFlow that adds in the memory of both.
//
// Each of the two adds one half of a tensor, reading the other's numbers out of its memory, and writes the sum into its own and
// into the other's (process_vm_readv, process_vm_writev: Linux, between processes of one user). So nothing is copied into
// messages and out of them, and where nobody else holds the summand no memory is taken. A socket tells each where the other's
// tensor lies and when its half is done; it closes when the other dies.
#include "neighbours.h"
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include "kernel_api.h"
#include "neighbour.h"
#include "tensorflow/c/ops.h"
#include "tensorflow/c/tf_status.h"
#include "tensorflow/c/tf_tensor.h"

namespace selfsup {
namespace {

constexpr const char* kOp = "SelfsupAddNeighbours";
std::atomic<int64_t> nanoseconds{0};

/** By level of the tree. Never destroyed: threads of TensorFlow may still use them when the process ends. */
std::map<int64_t, std::unique_ptr<Neighbour>>& Neighbours() {
  static auto* const all = new std::map<int64_t, std::unique_ptr<Neighbour>>();
  return *all;
}

/** What an op was made with. */
struct Settings {
  int64_t level = 0;
  float scale = 1;
  float seconds = 0;
};

void* Create(TF_OpKernelConstruction* construction) {
  auto* const settings = new Settings();
  const StatusOwner owner;
  TF_OpKernelConstruction_GetAttrInt64(construction, "level", &settings->level, owner.status);
  if (owner.Ok()) TF_OpKernelConstruction_GetAttrFloat(construction, "scale", &settings->scale, owner.status);
  if (owner.Ok()) TF_OpKernelConstruction_GetAttrFloat(construction, "seconds", &settings->seconds, owner.status);
  if (!owner.Ok()) TF_OpKernelConstruction_Failure(construction, owner.status);
  return settings;
}

void Delete(void* settings) { delete static_cast<Settings*>(settings); }

/** The op's result, which is its input's memory where nobody else holds that, else a copy of it. */
Tensor CopyInput(TF_OpKernelContext* context, TF_Status* status) {
  Tensor input = InputOf(context, 0, status);
  if (input == nullptr) return input;
  Tensor output = OutputLike(context, input, status);
  if (input != nullptr) std::memcpy(TF_TensorData(output.get()), TF_TensorData(input.get()), TF_TensorByteSize(input.get()));
  return output;
}

void Compute(void* made_with, TF_OpKernelContext* context) {
  const Settings& settings = *static_cast<const Settings*>(made_with);
  const StatusOwner owner;
  Tensor sum = CopyInput(context, owner.status);
  const auto found = Neighbours().find(settings.level);
  if (owner.Ok() && found == Neighbours().end()) TF_SetStatus(owner.status, TF_FAILED_PRECONDITION, "There is no neighbour");
  if (owner.Ok() && sum != nullptr) {
    const auto start = Clock::now();
    const size_t count = TF_TensorByteSize(sum.get()) / sizeof(float);
    const TF_Code code = found->second->Add(static_cast<float*>(TF_TensorData(sum.get())), count, settings.scale, settings.seconds);
    nanoseconds += std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - start).count();
    if (code != TF_OK) {
      TF_SetStatus(owner.status, code, code == TF_INVALID_ARGUMENT ? "The neighbour adds something else" : "The neighbour is lost");
      // It may wake up and write there: this memory is nobody else's until the process has ended.
      sum.release();
    }
  }
  if (!owner.Ok()) TF_OpKernelContext_Failure(context, owner.status);
}

/** The result has its input's shape. */
void InferShape(TF_ShapeInferenceContext* context, TF_Status* status) {
  TF_ShapeHandle* const shape = TF_NewShapeHandle();
  TF_ShapeInferenceContextGetInput(context, 0, shape, status);
  if (TF_GetCode(status) == TF_OK) TF_ShapeInferenceContextSetOutput(context, 0, shape, status);
  TF_DeleteShapeHandle(shape);
}

/** Makes the op known to TensorFlow, once; false where it refuses. */
bool Register() {
  static const bool registered = [] {
    const StatusOwner owner;
    TF_OpDefinitionBuilder* const op = TF_NewOpDefinitionBuilder(kOp);
    TF_OpDefinitionBuilderAddInput(op, "summand: float");
    TF_OpDefinitionBuilderAddOutput(op, "sum: float");
    for (const char* attribute : {"level: int", "scale: float", "seconds: float"}) TF_OpDefinitionBuilderAddAttr(op, attribute);
    // Else two alike would be one, and one whose result nobody wants none.
    TF_OpDefinitionBuilderSetIsStateful(op, true);
    TF_OpDefinitionBuilderSetShapeInferenceFunction(op, InferShape);
    TF_RegisterOpDefinition(op, owner.status);
    if (owner.Ok()) TF_RegisterKernelBuilder(kOp, TF_NewKernelBuilder(kOp, "CPU", Create, Compute, Delete), owner.status);
    return owner.Ok();
  }();
  return registered;
}

Neighbour& NeighbourAt(int level) {
  std::unique_ptr<Neighbour>& neighbour = Neighbours()[level];
  if (neighbour == nullptr) neighbour = std::make_unique<Neighbour>();
  return *neighbour;
}

}  // namespace

bool ListenForNeighbour(int level, const std::string& name) { return Register() && NeighbourAt(level).Listen(name); }
bool ConnectToNeighbour(int level, const std::string& name) { return Register() && NeighbourAt(level).Connect(name); }
bool TryNeighbour(int level, bool listened) { return NeighbourAt(level).Try(listened); }
void ForgetNeighbour(int level) { Neighbours().erase(level); }
double SecondsWithNeighbours() { return static_cast<double>(nanoseconds.load()) / 1e9; }

}  // namespace selfsup
