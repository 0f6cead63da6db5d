// The graph of a step, built op by op through TensorFlow's C API.
#ifndef SELFSUP_STEP_GRAPH_H_
#define SELFSUP_STEP_GRAPH_H_

#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <vector>
#include "js_values.h"
#include "op_schema.h"
#include "tensorflow/c/c_api.h"

namespace selfsup {

struct StatusDeleter {
  void operator()(TF_Status* status) const { TF_DeleteStatus(status); }
};
using Status = std::unique_ptr<TF_Status, StatusDeleter>;
inline Status NewStatus() { return Status(TF_NewStatus()); }

class StepGraph {
 public:
  explicit StepGraph(Js js) : js_(js), graph_(TF_NewGraph()), status_(NewStatus()) {}
  ~StepGraph() { TF_DeleteGraph(graph_); }

  /** Adds an argument, {dtype, shape}; with `constant`, a typed array, a constant instead. False where TensorFlow refuses. */
  bool AddArgument(napi_value argument) {
    const TF_DataType type = static_cast<TF_DataType>(js_.Integer(js_.Get(argument, "dtype")));
    const std::vector<int64_t> shape = js_.Numbers<int64_t>(js_.Get(argument, "shape"));
    const napi_value constant = js_.Get(argument, "constant");
    const bool is_constant = js_.IsObject(constant);
    const std::string name = "argument_" + std::to_string(arguments_.size());
    TF_OperationDescription* description = TF_NewOperation(graph_, is_constant ? "Const" : "Placeholder", name.c_str());
    TF_SetAttrType(description, "dtype", type);
    if (is_constant) {
      const auto [bytes, size] = js_.Bytes(constant);
      TF_Tensor* tensor = TF_AllocateTensor(type, shape.data(), static_cast<int>(shape.size()), size);
      if (size > 0) std::memcpy(TF_TensorData(tensor), bytes, size);
      TF_SetAttrTensor(description, "value", tensor, status_.get());
      TF_DeleteTensor(tensor);
    } else {
      TF_SetAttrShape(description, "shape", shape.data(), static_cast<int>(shape.size()));
    }
    TF_Operation* operation = TF_FinishOperation(description, status_.get());
    if (!Ok()) return false;
    arguments_.push_back({operation, 0});
    if (!is_constant) inputs_.push_back({operation, 0});
    return true;
  }

  /**
   * Adds an op: {name, attributes, inputs, shapes, trusted}. False, with `why`, where TensorFlow refuses it, or where its
   * results' shapes do not follow from those of the arguments and are not to be trusted.
   */
  bool AddOp(napi_value op) {
    const std::string type = js_.Text(js_.Get(op, "name"));
    const OpSchema* schema = Schema(type);
    if (schema == nullptr) return false;
    TF_OperationDescription* description =
        TF_NewOperation(graph_, type.c_str(), (type + "_" + std::to_string(count_++)).c_str());
    const napi_value attributes = js_.Get(op, "attributes");
    // A description that was begun must be finished, whatever was wrong with it.
    const bool whole = AddInputs(description, *schema, js_.Get(op, "inputs"), attributes) &&
                       SetAttributes(description, *schema, attributes);
    const std::vector<int64_t> references = js_.Numbers<int64_t>(js_.Get(op, "inputs"));
    const std::vector<int64_t> states = schema->stateful ? States(references) : std::vector<int64_t>();
    AddOrder(description, type, states);
    TF_Operation* operation = TF_FinishOperation(description, status_.get());
    if (!whole) why = why.empty() ? "it cannot be described" : why;
    if (!Ok() || !whole) return false;
    for (int64_t state : states) newest_[state] = operation;
    if (schema->stateful) stateful_.push_back(operation);
    for (int64_t reference : references) {
      if (reads_.count(reference) > 0) readers_[reads_[reference]].push_back(operation);
    }
    if (type == kRead) reads_[static_cast<int64_t>(results_.size())] = references[0];
    return AddResults(operation, js_.Get(op, "shapes"), js_.Bool(js_.Get(op, "trusted")));
  }

  /** The graph as a function whose results are these references; null, with `why`, where TensorFlow refuses. */
  TF_Function* Finish(const std::string& name, const std::vector<int64_t>& references) {
    std::vector<TF_Output> outputs;
    for (int64_t reference : references) {
      const TF_Output* output = Find(reference);
      if (output == nullptr) return nullptr;
      outputs.push_back(*output);
    }
    // What acts without a result must run too.
    std::vector<const TF_Operation*> controls(stateful_.begin(), stateful_.end());
    std::vector<std::string> names(controls.size());
    std::vector<const char*> pointers(controls.size());
    for (size_t i = 0; i < names.size(); i++) {
      names[i] = "control_" + std::to_string(i);
      pointers[i] = names[i].c_str();
    }
    TF_Function* function = TF_GraphToFunctionWithControlOutputs(
        graph_, name.c_str(), 0, -1, nullptr, static_cast<int>(inputs_.size()), inputs_.data(),
        static_cast<int>(outputs.size()), outputs.data(), nullptr, static_cast<int>(controls.size()), controls.data(),
        pointers.data(), nullptr, nullptr, status_.get());
    return Ok() ? function : nullptr;
  }

  std::string why;

 private:
  static constexpr const char* kRead = "ReadVariableOp";
  static constexpr int64_t kOtherState = INT64_MIN;

  /** The variables that a stateful op with these inputs works on; where there are none, whatever else ops may hold. */
  std::vector<int64_t> States(const std::vector<int64_t>& references) {
    std::vector<int64_t> states;
    for (int64_t reference : references) {
      const TF_Output* input = Find(reference);
      if (input != nullptr && TF_OperationOutputType(*input) == TF_RESOURCE) states.push_back(reference);
    }
    if (states.empty()) states.push_back(kOtherState);
    return states;
  }

  /**
   * Lets an op follow the one before on the same state, and a change of a variable all who use what was read of it. Ops
   * on different variables wait for each other only where one takes what another gives: so a weight is updated, and its
   * gradient freed, as soon as that is there.
   */
  void AddOrder(TF_OperationDescription* description, const std::string& type, const std::vector<int64_t>& states) {
    for (int64_t state : states) {
      const auto newest = newest_.find(state);
      if (newest != newest_.end()) TF_AddControlInput(description, newest->second);
      if (type == kRead) continue;
      // Its memory is shared with what was read: a change before the last use would have to copy it.
      for (TF_Operation* reader : readers_[state]) TF_AddControlInput(description, reader);
      readers_.erase(state);
    }
  }

  bool Ok() {
    if (TF_GetCode(status_.get()) == TF_OK) return true;
    if (why.empty()) why = TF_Message(status_.get());
    return false;
  }

  const OpSchema* Schema(const std::string& type) {
    static std::map<std::string, OpSchema> schemas;
    const auto found = schemas.find(type);
    if (found != schemas.end()) return &found->second;
    TF_Buffer* buffer = TF_NewBuffer();
    TF_GraphGetOpDef(graph_, type.c_str(), buffer, status_.get());
    const bool known = Ok();
    if (known) schemas[type] = ReadOpSchema(*buffer);
    TF_DeleteBuffer(buffer);
    return known ? &schemas[type] : nullptr;
  }

  /** An op's result (0 and up, in order) or an argument (−1 and down). */
  const TF_Output* Find(int64_t reference) {
    const std::vector<TF_Output>& outputs = reference >= 0 ? results_ : arguments_;
    const size_t index = static_cast<size_t>(reference >= 0 ? reference : -reference - 1);
    if (index < outputs.size()) return &outputs[index];
    why = "an input is unknown";
    return nullptr;
  }

  /** The length of an input list, told by the attribute of this name. */
  uint32_t ListLength(napi_value attributes, const std::string& name) {
    for (uint32_t i = 0; i < js_.Length(attributes); i++) {
      const napi_value attribute = js_.At(attributes, i);
      if (js_.Text(js_.Get(attribute, "name")) != name) continue;
      const napi_value value = js_.Get(attribute, "value");
      return js_.IsArray(value) ? js_.Length(value) : static_cast<uint32_t>(js_.Integer(value));
    }
    return UINT32_MAX;
  }

  bool AddInputs(TF_OperationDescription* description, const OpSchema& schema, napi_value references, napi_value attributes) {
    std::vector<TF_Output> given;
    for (int64_t reference : js_.Numbers<int64_t>(references)) {
      const TF_Output* output = Find(reference);
      if (output == nullptr) return false;
      given.push_back(*output);
    }
    size_t next = 0;
    for (size_t i = 0; i < schema.inputs.size(); i++) {
      const InputSchema& input = schema.inputs[i];
      const bool is_list = !input.number_attribute.empty() || !input.types_attribute.empty();
      size_t length = 1;
      if (is_list) {
        const std::string& name = input.number_attribute.empty() ? input.types_attribute : input.number_attribute;
        length = ListLength(attributes, name);
        // Callers may leave the length out, as eager execution counts for itself.
        if (length == UINT32_MAX) length = given.size() - std::min(given.size(), next + schema.inputs.size() - i - 1);
      }
      if (next + length > given.size()) return Fail("it has too few inputs");
      if (is_list) {
        TF_AddInputList(description, given.data() + next, static_cast<int>(length));
      } else {
        TF_AddInput(description, given[next]);
      }
      next += length;
    }
    return next == given.size() || Fail("it has too many inputs");
  }

  bool SetAttributes(TF_OperationDescription* description, const OpSchema& schema, napi_value attributes) {
    for (uint32_t i = 0; i < js_.Length(attributes); i++) {
      const napi_value attribute = js_.At(attributes, i);
      const std::string name = js_.Text(js_.Get(attribute, "name"));
      if (schema.Implied(name)) continue;
      const napi_value value = js_.Get(attribute, "value");
      const TF_AttrType type = static_cast<TF_AttrType>(js_.Integer(js_.Get(attribute, "type")));
      if (!(js_.IsArray(value) && type != TF_ATTR_SHAPE ? SetList(description, name, type, value)
                                                        : SetOne(description, name, type, value))) {
        return false;
      }
    }
    return true;
  }

  bool SetOne(TF_OperationDescription* description, const std::string& name, TF_AttrType type, napi_value value) {
    const char* key = name.c_str();
    switch (type) {
      case TF_ATTR_STRING: {
        const std::string text = js_.Text(value);
        TF_SetAttrString(description, key, text.data(), text.size());
        return true;
      }
      case TF_ATTR_INT: TF_SetAttrInt(description, key, js_.Integer(value)); return true;
      case TF_ATTR_FLOAT: TF_SetAttrFloat(description, key, static_cast<float>(js_.Number(value))); return true;
      case TF_ATTR_BOOL: TF_SetAttrBool(description, key, js_.Bool(value)); return true;
      case TF_ATTR_TYPE: TF_SetAttrType(description, key, static_cast<TF_DataType>(js_.Integer(value))); return true;
      case TF_ATTR_SHAPE: {
        const std::vector<int64_t> shape = js_.Numbers<int64_t>(value);
        TF_SetAttrShape(description, key, shape.data(), static_cast<int>(shape.size()));
        return true;
      }
      default: return Fail("its attribute " + name + " is of an unknown type");
    }
  }

  bool SetList(TF_OperationDescription* description, const std::string& name, TF_AttrType type, napi_value value) {
    const char* key = name.c_str();
    const int length = static_cast<int>(js_.Length(value));
    switch (type) {
      case TF_ATTR_INT: TF_SetAttrIntList(description, key, js_.Numbers<int64_t>(value).data(), length); return true;
      case TF_ATTR_FLOAT: TF_SetAttrFloatList(description, key, js_.Numbers<float>(value).data(), length); return true;
      case TF_ATTR_BOOL: {
        std::vector<unsigned char> truths;
        for (int i = 0; i < length; i++) truths.push_back(js_.Bool(js_.At(value, i)) ? 1 : 0);
        TF_SetAttrBoolList(description, key, truths.data(), length);
        return true;
      }
      default: return Fail("its attribute " + name + " is a list of an unknown type");
    }
  }

  bool AddResults(TF_Operation* operation, napi_value shapes, bool trusted) {
    for (uint32_t i = 0; i < js_.Length(shapes); i++) {
      const TF_Output output{operation, static_cast<int>(i)};
      const std::vector<int64_t> shape = js_.Numbers<int64_t>(js_.At(shapes, i));
      const int rank = static_cast<int>(shape.size());
      std::vector<int64_t> inferred(shape.size());
      bool proved = TF_GraphGetTensorNumDims(graph_, output, status_.get()) == rank;
      if (proved && rank > 0) {
        TF_GraphGetTensorShape(graph_, output, inferred.data(), rank, status_.get());
        proved = inferred == shape;
      }
      if (!proved) {
        if (!trusted) return Fail("the shape of its result " + std::to_string(i) + " depends on values");
        // Refused where the registry contradicts the kernel, as with outputs that nothing reads.
        TF_GraphSetTensorShape(graph_, output, shape.data(), rank, status_.get());
        TF_SetStatus(status_.get(), TF_OK, "");
      }
      if (!Ok()) return false;
      results_.push_back(output);
    }
    return true;
  }

  bool Fail(const std::string& reason) {
    if (why.empty()) why = reason;
    return false;
  }

  Js js_;
  TF_Graph* graph_;
  Status status_;
  int count_ = 0;
  std::vector<TF_Operation*> stateful_;
  std::map<int64_t, TF_Operation*> newest_;  // the newest op on a state
  std::map<int64_t, int64_t> reads_;  // what was read of which variable
  std::map<int64_t, std::vector<TF_Operation*>> readers_;  // who uses what was read of a variable
  std::vector<TF_Output> arguments_;
  std::vector<TF_Output> inputs_;  // the arguments that are no constants
  std::vector<TF_Output> results_;
};

}  // namespace selfsup

#endif  // SELFSUP_STEP_GRAPH_H_
