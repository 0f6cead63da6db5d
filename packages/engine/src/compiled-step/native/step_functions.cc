// Linked into the addon of tfjs with -Wl,--wrap=napi_define_properties: gives it functions by which the ops of a step
// run as one TensorFlow function, and one by which processes compute together. The npm package's own files stay as they are.
#include <node_api.h>
#include <cstring>
#include "batch_norm.h"
#include "calling_thread.h"
#include "connections.h"
#include "js_values.h"
#include "loaded_pages.h"
#include "neighbours.h"
#include "step_graph.h"
#include "tensorflow/c/c_api.h"
#include "tensorflow/c/c_api_experimental.h"
#include "tensorflow/c/eager/c_api.h"
#include "tfjs_backend.h"

namespace {

using selfsup::Js;
using selfsup::NewStatus;
using selfsup::Status;
using tfnodejs::TFJSBackend;

// The backend keeps its context and handles private. An explicit instantiation may name private members.
template <typename Tag, typename Tag::Member member>
struct Opened {
  friend typename Tag::Member Open(Tag) { return member; }
};
struct Context {
  using Member = TFE_Context* TFJSBackend::*;
  friend Member Open(Context);
};
struct Device {
  using Member = std::string TFJSBackend::*;
  friend Member Open(Device);
};
struct Handles {
  using Member = std::unordered_map<int32_t, TFE_TensorHandle*> TFJSBackend::*;
  friend Member Open(Handles);
};
struct InsertHandle {
  using Member = int32_t (TFJSBackend::*)(TFE_TensorHandle*);
  friend Member Open(InsertHandle);
};
template struct Opened<Context, &TFJSBackend::tfe_context_>;
template struct Opened<Device, &TFJSBackend::device_name>;
template struct Opened<Handles, &TFJSBackend::tfe_handle_map_>;
template struct Opened<InsertHandle, &TFJSBackend::InsertHandle>;

/** A call from JavaScript with up to five arguments. */
struct Call {
  Call(napi_env env, napi_callback_info info) : js(env) {
    size_t count = 5;
    napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr);
    void* data = nullptr;
    napi_get_instance_data(env, &data);
    backend = static_cast<TFJSBackend*>(data);
    context = backend->*Open(Context());
  }
  Js js;
  napi_value arguments[5] = {};
  TFJSBackend* backend;
  TFE_Context* context;
};

/** {op, why}: which op of a step cannot be part of a function; the number of ops where it is the whole. */
napi_value Refusal(const Js& js, uint32_t op, const std::string& why) {
  napi_value result, number, text;
  napi_create_object(js.env(), &result);
  napi_create_uint32(js.env(), op, &number);
  napi_create_string_utf8(js.env(), why.c_str(), why.size(), &text);
  napi_set_named_property(js.env(), result, "op", number);
  napi_set_named_property(js.env(), result, "why", text);
  return result;
}

/** defineFunction(name, arguments, ops, results): undefined, or why not. */
napi_value DefineFunction(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const Js& js = call.js;
  const std::string name = js.Text(call.arguments[0]);
  selfsup::StepGraph graph(js);
  const napi_value ops = call.arguments[2];
  const uint32_t count = js.Length(ops);
  for (uint32_t i = 0; i < js.Length(call.arguments[1]); i++) {
    if (!graph.AddArgument(js.At(call.arguments[1], i))) return Refusal(js, count, graph.why);
  }
  for (uint32_t i = 0; i < count; i++) {
    napi_handle_scope scope;
    napi_open_handle_scope(env, &scope);
    const bool added = graph.AddOp(js.At(ops, i));
    napi_close_handle_scope(env, scope);
    if (!added) return Refusal(js, i, graph.why);
  }
  TF_Function* function = graph.Finish(name, js.Numbers<int64_t>(call.arguments[3]));
  if (function == nullptr) return Refusal(js, count, graph.why);
  const Status status = NewStatus();
  TFE_ContextAddFunction(call.context, function, status.get());
  TF_DeleteFunction(function);
  if (TF_GetCode(status.get()) != TF_OK) return Refusal(js, count, TF_Message(status.get()));
  return nullptr;
}

/** runFunction(name, ids, count, in turn, alone): the ids of its results. */
napi_value RunFunction(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const Js& js = call.js;
  const Status status = NewStatus();
  TFE_Op* op = TFE_NewOp(call.context, js.Text(call.arguments[0]).c_str(), status.get());
  if (TF_GetCode(status.get()) != TF_OK) return js.Throw(TF_Message(status.get()));
  const std::unique_ptr<TFE_Op, decltype(&TFE_DeleteOp)> owned(op, &TFE_DeleteOp);
  if (js.Bool(call.arguments[3])) {
    const std::string executor = "SINGLE_THREADED_EXECUTOR";
    TFE_OpSetAttrString(op, "executor_type", executor.data(), executor.size());
  }
  const auto& handles = call.backend->*Open(Handles());
  const auto [bytes, size] = js.Bytes(call.arguments[1]);
  for (size_t i = 0; i < size / sizeof(int32_t); i++) {
    const auto found = handles.find(static_cast<const int32_t*>(bytes)[i]);
    if (found == handles.end()) return js.Throw("Argument " + std::to_string(i) + " of a step is gone");
    TFE_OpAddInput(op, found->second, status.get());
    if (TF_GetCode(status.get()) != TF_OK) return js.Throw(TF_Message(status.get()));
  }
  std::vector<TFE_TensorHandle*> results(static_cast<size_t>(js.Integer(call.arguments[2])), nullptr);
  int count = static_cast<int>(results.size());
  const selfsup::Alone alone(js.Bool(call.arguments[4]) && !call.backend->is_gpu_device);
  TFE_Execute(op, results.data(), &count, status.get());
  const TF_Code code = TF_GetCode(status.get());
  // In the addon's words for an op that fails.
  if (code != TF_OK) return js.Throw("Invalid TF_Status: " + std::to_string(code) + "\nMessage: " + TF_Message(status.get()));
  napi_value buffer, ids;
  void* memory = nullptr;
  napi_create_arraybuffer(env, results.size() * sizeof(int32_t), &memory, &buffer);
  for (size_t i = 0; i < results.size(); i++) {
    static_cast<int32_t*>(memory)[i] = (call.backend->*Open(InsertHandle()))(results[i]);
  }
  napi_create_typedarray(env, napi_int32_array, results.size(), buffer, 0, &ids);
  return ids;
}

/** removeFunction(name). */
napi_value RemoveFunction(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const Status status = NewStatus();
  TFE_ContextRemoveFunction(call.context, call.js.Text(call.arguments[0]).c_str(), status.get());
  if (TF_GetCode(status.get()) != TF_OK) return call.js.Throw(TF_Message(status.get()));
  return nullptr;
}

/** copyTensor(shape, type, values): the id of a tensor with memory of its own, on the device as createTensor puts it. */
napi_value CopyTensor(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const Js& js = call.js;
  const std::vector<int64_t> shape = js.Numbers<int64_t>(call.arguments[0]);
  const TF_DataType type = static_cast<TF_DataType>(js.Integer(call.arguments[1]));
  const auto [bytes, size] = js.Bytes(call.arguments[2]);
  size_t wanted = TF_DataTypeSize(type);
  for (int64_t side : shape) wanted *= static_cast<size_t>(side);
  if (size != wanted) {
    return js.Throw("A tensor of " + std::to_string(wanted) + " bytes was given " + std::to_string(size));
  }
  TF_Tensor* tensor = TF_AllocateTensor(type, shape.data(), static_cast<int>(shape.size()), size);
  if (size > 0) std::memcpy(TF_TensorData(tensor), bytes, size);
  const Status status = NewStatus();
  TFE_TensorHandle* handle = TFE_NewTensorHandle(tensor, status.get());
  TF_DeleteTensor(tensor);
  // As the addon has it: int32 stays in the host's memory.
  if (TF_GetCode(status.get()) == TF_OK && type != TF_INT32) {
    TFE_TensorHandle* placed = TFE_TensorHandleCopyToDevice(
        handle, call.context, (call.backend->*Open(Device())).c_str(), status.get());
    TFE_DeleteTensorHandle(handle);
    handle = placed;
  }
  if (TF_GetCode(status.get()) != TF_OK) return js.Throw(TF_Message(status.get()));
  napi_value id;
  napi_create_int32(env, (call.backend->*Open(InsertHandle()))(handle), &id);
  return id;
}

/** describeTensor(id): its type, then its shape. */
napi_value DescribeTensor(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const auto& handles = call.backend->*Open(Handles());
  const auto found = handles.find(static_cast<int32_t>(call.js.Integer(call.arguments[0])));
  if (found == handles.end()) return call.js.Throw("There is no such tensor");
  const Status status = NewStatus();
  const int rank = TFE_TensorHandleNumDims(found->second, status.get());
  if (TF_GetCode(status.get()) != TF_OK) return call.js.Throw(TF_Message(status.get()));
  std::vector<int64_t> numbers = {TFE_TensorHandleDataType(found->second)};
  for (int i = 0; i < rank; i++) numbers.push_back(TFE_TensorHandleDim(found->second, i, status.get()));
  napi_value result;
  napi_create_array_with_length(env, numbers.size(), &result);
  for (size_t i = 0; i < numbers.size(); i++) {
    napi_value number;
    napi_create_int64(env, numbers[i], &number);
    napi_set_element(env, result, static_cast<uint32_t>(i), number);
  }
  return result;
}

/**
 * enableCollectives(server, sockets): makes this process one of a cluster, as a tensorflow.ServerDef in text says, in which it adds
 * with the others as long as none of its connections to them ends (see connections.h). Before there are tensors: the context's
 * devices are others afterwards.
 */
napi_value EnableCollectives(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const Status status = NewStatus();
  TF_Buffer* server = TFE_GetServerDef(call.js.Text(call.arguments[0]).c_str(), status.get());
  if (TF_GetCode(status.get()) != TF_OK) return call.js.Throw(TF_Message(status.get()));
  TFE_EnableCollectiveOps(call.context, server->data, server->length, status.get());
  TF_DeleteBuffer(server);
  if (TF_GetCode(status.get()) != TF_OK) return call.js.Throw(TF_Message(status.get()));
  const std::unique_ptr<TF_DeviceList, decltype(&TF_DeleteDeviceList)> devices(
      TFE_ContextListDevices(call.context, status.get()), &TF_DeleteDeviceList);
  if (TF_GetCode(status.get()) != TF_OK) return call.js.Throw(TF_Message(status.get()));
  // The backend knows its device by its whole name, which begins with the task's.
  std::string& device = call.backend->*Open(Device());
  const std::string kind = device.substr(device.find("/device:"));
  for (int i = 0; i < TF_DeviceListCount(devices.get()); i++) {
    const std::string name = TF_DeviceListName(devices.get(), i, status.get());
    if (name.size() > kind.size() && name.compare(name.size() - kind.size(), kind.size(), kind) == 0) {
      device = name;
      selfsup::WatchConnections(call.context, call.js.Numbers<int>(call.arguments[1]));
      return nullptr;
    }
  }
  return call.js.Throw("The cluster has no device " + kind);
}

/** leaveAtOnce(code): ends the process, see connections.h. */
napi_value LeaveAtOnce(napi_env env, napi_callback_info info) {
  Call call(env, info);
  selfsup::LeaveAtOnce(static_cast<int>(call.js.Integer(call.arguments[0])));
}

// See neighbours.h.
int LevelOf(const Call& call) { return static_cast<int>(call.js.Integer(call.arguments[0])); }

/** listenForNeighbour(level, name): whether it can. */
napi_value ListenForNeighbour(napi_env env, napi_callback_info info) {
  Call call(env, info);
  return call.js.Truth(selfsup::ListenForNeighbour(LevelOf(call), call.js.Text(call.arguments[1])));
}

/** connectToNeighbour(level, name): whether one listens there. */
napi_value ConnectToNeighbour(napi_env env, napi_callback_info info) {
  Call call(env, info);
  return call.js.Truth(selfsup::ConnectToNeighbour(LevelOf(call), call.js.Text(call.arguments[1])));
}

/** tryNeighbour(level, listened): whether each can reach the other's memory. */
napi_value TryNeighbour(napi_env env, napi_callback_info info) {
  Call call(env, info);
  return call.js.Truth(selfsup::TryNeighbour(LevelOf(call), call.js.Bool(call.arguments[1])));
}

/** forgetNeighbour(level). */
napi_value ForgetNeighbour(napi_env env, napi_callback_info info) {
  Call call(env, info);
  selfsup::ForgetNeighbour(LevelOf(call));
  return nullptr;
}

/** secondsWithNeighbours(): those spent on adding. */
napi_value SecondsWithNeighbours(napi_env env, napi_callback_info) {
  napi_value seconds;
  napi_create_double(env, selfsup::SecondsWithNeighbours(), &seconds);
  return seconds;
}

}  // namespace

extern "C" {

napi_status __real_napi_define_properties(napi_env, napi_value, size_t, const napi_property_descriptor*);

napi_status __wrap_napi_define_properties(napi_env env, napi_value exports, size_t count,
                                          const napi_property_descriptor* properties) {
  const napi_status status = __real_napi_define_properties(env, exports, count, properties);
  // The addon defines its functions in one call and each constant in another.
  bool functions = false;
  for (size_t i = 0; i < count; i++) {
    functions |= properties[i].utf8name != nullptr && std::strcmp(properties[i].utf8name, "executeOp") == 0;
  }
  if (status != napi_ok || !functions) return status;
  selfsup::ReleaseLoadedPages();
  selfsup::RegisterBatchNorm();
  const napi_property_descriptor ours[] = {
      {"defineFunction", nullptr, DefineFunction, nullptr, nullptr, nullptr, napi_default, nullptr},
      {"runFunction", nullptr, RunFunction, nullptr, nullptr, nullptr, napi_default, nullptr},
      {"removeFunction", nullptr, RemoveFunction, nullptr, nullptr, nullptr, napi_default, nullptr},
      {"copyTensor", nullptr, CopyTensor, nullptr, nullptr, nullptr, napi_default, nullptr},
      {"describeTensor", nullptr, DescribeTensor, nullptr, nullptr, nullptr, napi_default, nullptr},
      {"enableCollectives", nullptr, EnableCollectives, nullptr, nullptr, nullptr, napi_default, nullptr},
      {"leaveAtOnce", nullptr, LeaveAtOnce, nullptr, nullptr, nullptr, napi_default, nullptr},
      {"listenForNeighbour", nullptr, ListenForNeighbour, nullptr, nullptr, nullptr, napi_default, nullptr},
      {"connectToNeighbour", nullptr, ConnectToNeighbour, nullptr, nullptr, nullptr, napi_default, nullptr},
      {"tryNeighbour", nullptr, TryNeighbour, nullptr, nullptr, nullptr, napi_default, nullptr},
      {"forgetNeighbour", nullptr, ForgetNeighbour, nullptr, nullptr, nullptr, napi_default, nullptr},
      {"secondsWithNeighbours", nullptr, SecondsWithNeighbours, nullptr, nullptr, nullptr, napi_default, nullptr},
  };
  return __real_napi_define_properties(env, exports, sizeof(ours) / sizeof(ours[0]), ours);
}
}
