// Batch normalisation with the ReLU after it as ops of TensorFlow: oneDNN's reads memory more often, takes several times as long
// where the number of channels is no multiple of 8, and leaves the ReLU's gradient to another op.
//
// SelfsupBatchNorm(x, scale, offset, mean, variance): y, the moving averages afterwards, and what the gradient needs: the mean and
// the inverse of the standard deviation with which x was normalised. SelfsupBatchNormGrad: the gradients of x, scale and offset.
#include "batch_norm.h"
#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>
#include "batch_norm_rows.h"
#include "kernel_api.h"
#include "tensorflow/c/ops.h"

namespace selfsup {
namespace {

/** What an op was made with. */
struct Settings {
  float epsilon = 0;
  float decay = 0;
  unsigned char training = 0;
  unsigned char relu = 0;
};

void* Create(TF_OpKernelConstruction* construction) {
  auto* const settings = new Settings();
  const StatusOwner owner;
  TF_OpKernelConstruction_GetAttrFloat(construction, "epsilon", &settings->epsilon, owner.status);
  if (owner.Ok()) TF_OpKernelConstruction_GetAttrFloat(construction, "decay", &settings->decay, owner.status);
  if (owner.Ok()) TF_OpKernelConstruction_GetAttrBool(construction, "training", &settings->training, owner.status);
  if (owner.Ok()) TF_OpKernelConstruction_GetAttrBool(construction, "relu", &settings->relu, owner.status);
  if (!owner.Ok()) TF_OpKernelConstruction_Failure(construction, owner.status);
  return settings;
}

void Delete(void* settings) { delete static_cast<Settings*>(settings); }

/** Inputs and outputs of an op that runs. After an error all are null or empty; TensorFlow is told of it at the end. */
class Run {
 public:
  explicit Run(TF_OpKernelContext* context) : context_(context) {}
  ~Run() {
    if (!owner_.Ok()) TF_OpKernelContext_Failure(context_, owner_.status);
  }

  bool Ok() const { return owner_.Ok(); }

  Tensor Input(int index) {
    return Ok() ? InputOf(context_, index, owner_.status) : Tensor(nullptr, &TF_DeleteTensor);
  }

  Channels InputChannels(int index) {
    const Tensor input = Input(index);
    if (input == nullptr) return {};
    const float* const values = Values(input);
    return Channels(values, values + TF_TensorElementCount(input.get()));
  }

  /** See kernel_api.h. */
  Tensor OutputLike(Tensor& input) { return selfsup::OutputLike(context_, input, owner_.status); }

  void OutputChannels(int index, const Channels& channels) {
    const auto size = static_cast<int64_t>(channels.size());
    if (!Ok()) return;
    const Tensor output(TF_AllocateOutput(context_, index, TF_FLOAT, &size, 1, channels.size() * sizeof(float), owner_.status),
                        &TF_DeleteTensor);
    if (output != nullptr) std::copy(channels.begin(), channels.end(), Values(output));
  }

  static float* Values(const Tensor& tensor) { return static_cast<float*>(TF_TensorData(tensor.get())); }

  static Sides SidesOf(const Tensor& tensor) {
    const int64_t channels = TF_Dim(tensor.get(), TF_NumDims(tensor.get()) - 1);
    return {channels == 0 ? 0 : TF_TensorElementCount(tensor.get()) / channels, channels};
  }

 private:
  TF_OpKernelContext* const context_;
  const StatusOwner owner_;
};

/** A moving average after one more value, `sum · factor`. */
Channels Moved(Channels average, const Channels& sum, double factor, float decay) {
  for (size_t c = 0; c < sum.size(); c++) {
    average[c] = decay * average[c] + (1 - decay) * static_cast<float>(sum[c] * factor);
  }
  return average;
}

/** (x − mean) · inverse · scale + offset. */
Norm NormOf(const Settings& settings, Channels mean, const Channels& inverse, const Channels& scale, Channels offset) {
  Channels factor(scale);
  for (size_t c = 0; c < factor.size(); c++) factor[c] *= inverse[c];
  const float least = settings.relu ? 0.0f : -std::numeric_limits<float>::infinity();
  return {std::move(mean), std::move(factor), std::move(offset), least};
}

void Forward(void* made_with, TF_OpKernelContext* context) {
  const Settings& settings = *static_cast<const Settings*>(made_with);
  Run run(context);
  Tensor x = run.Input(0);
  const Channels scale = run.InputChannels(1), offset = run.InputChannels(2);
  Channels mean = run.InputChannels(3), variance = run.InputChannels(4);
  if (!run.Ok()) return;
  const Sides sides = Run::SidesOf(x);
  Channels moving_mean = mean, moving_variance = variance;
  if (settings.training) {
    Moments moments = MomentsOf(Run::Values(x), sides);
    mean = std::move(moments.mean);
    const auto rows = static_cast<double>(std::max<int64_t>(1, sides.rows));
    for (size_t c = 0; c < mean.size(); c++) variance[c] = static_cast<float>(moments.squares[c] / rows);
    moving_mean = Moved(moving_mean, mean, 1, settings.decay);
    // With the unbiased variance, as PyTorch has it.
    moving_variance = Moved(moving_variance, moments.squares, 1 / std::max(1.0, rows - 1), settings.decay);
  }
  Channels inverse(variance);
  for (float& value : inverse) value = static_cast<float>(1 / std::sqrt(static_cast<double>(value) + settings.epsilon));
  const Tensor y = run.OutputLike(x);
  if (!run.Ok()) return;
  const float* const values = Run::Values(x == nullptr ? y : x);
  Normalise(values, Run::Values(y), sides, NormOf(settings, mean, inverse, scale, offset));
  run.OutputChannels(1, moving_mean);
  run.OutputChannels(2, moving_variance);
  run.OutputChannels(3, mean);
  run.OutputChannels(4, inverse);
}

void Backward(void* made_with, TF_OpKernelContext* context) {
  const Settings& settings = *static_cast<const Settings*>(made_with);
  Run run(context);
  Tensor dy = run.Input(0);
  const Tensor x = run.Input(1);
  const Channels scale = run.InputChannels(2), offset = run.InputChannels(3);
  const Channels mean = run.InputChannels(4), inverse = run.InputChannels(5);
  if (!run.Ok()) return;
  const Sides sides = Run::SidesOf(x);
  const Norm norm = NormOf(settings, mean, inverse, scale, offset);
  const Gradients gradients = GradientsOf(Run::Values(dy), Run::Values(x), sides, norm);
  Channels of_scale(gradients.product);
  for (size_t c = 0; c < of_scale.size(); c++) of_scale[c] *= inverse[c];
  // What mean and variance take, where they are those of x.
  Channels shift(scale.size()), slope(scale.size());
  for (size_t c = 0; settings.training && c < shift.size(); c++) {
    shift[c] = gradients.sum[c] / static_cast<float>(sides.rows);
    slope[c] = of_scale[c] * inverse[c] / static_cast<float>(sides.rows);
  }
  const Tensor dx = run.OutputLike(dy);
  if (!run.Ok()) return;
  const float* const given = Run::Values(dy == nullptr ? dx : dy);
  Differentiate(given, Run::Values(x), Run::Values(dx), sides, norm, shift, slope);
  run.OutputChannels(1, of_scale);
  run.OutputChannels(2, gradients.sum);
}

/** Output 0 has the shape of input 0, the others that of `of_channels`. */
template <int outputs, int of_channels>
void InferShapes(TF_ShapeInferenceContext* context, TF_Status* status) {
  TF_ShapeHandle* const shape = TF_NewShapeHandle();
  for (int output = 0; output < outputs && TF_GetCode(status) == TF_OK; output++) {
    TF_ShapeInferenceContextGetInput(context, output == 0 ? 0 : of_channels, shape, status);
    if (TF_GetCode(status) == TF_OK) TF_ShapeInferenceContextSetOutput(context, output, shape, status);
  }
  TF_DeleteShapeHandle(shape);
}

void Register(const char* name, const std::vector<const char*>& inputs, const std::vector<const char*>& outputs,
              void (*infer)(TF_ShapeInferenceContext*, TF_Status*), void (*compute)(void*, TF_OpKernelContext*)) {
  const StatusOwner owner;
  TF_OpDefinitionBuilder* const op = TF_NewOpDefinitionBuilder(name);
  for (const char* input : inputs) TF_OpDefinitionBuilderAddInput(op, (std::string(input) + ": float").c_str());
  for (const char* output : outputs) TF_OpDefinitionBuilderAddOutput(op, (std::string(output) + ": float").c_str());
  for (const char* attribute : {"epsilon: float", "decay: float", "training: bool", "relu: bool"}) {
    TF_OpDefinitionBuilderAddAttr(op, attribute);
  }
  TF_OpDefinitionBuilderSetShapeInferenceFunction(op, infer);
  TF_RegisterOpDefinition(op, owner.status);
  if (owner.Ok()) TF_RegisterKernelBuilder(name, TF_NewKernelBuilder(name, "CPU", Create, compute, Delete), owner.status);
}

}  // namespace

void RegisterBatchNorm() {
  static const bool once = [] {
    Register("SelfsupBatchNorm", {"x", "scale", "offset", "mean", "variance"},
             {"y", "moving_mean", "moving_variance", "used_mean", "used_inverse"}, InferShapes<5, 1>, Forward);
    Register("SelfsupBatchNormGrad", {"dy", "x", "scale", "offset", "used_mean", "used_inverse"},
             {"dx", "of_scale", "of_offset"}, InferShapes<3, 2>, Backward);
    return true;
  }();
  static_cast<void>(once);
}

}  // namespace selfsup
