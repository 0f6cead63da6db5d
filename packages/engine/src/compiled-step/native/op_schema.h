// What TensorFlow registers of an op, as far as a graph is built by it.
#ifndef SELFSUP_OP_SCHEMA_H_
#define SELFSUP_OP_SCHEMA_H_

#include <cstdint>
#include <string>
#include <vector>
#include "tensorflow/c/c_api.h"

namespace selfsup {

/** An input of an op: one tensor, or a list whose length is the value of an attribute. */
struct InputSchema {
  std::string number_attribute;  // an integer: so many tensors of one type
  std::string types_attribute;   // a list of types: a tensor of each
};

struct OpSchema {
  std::vector<InputSchema> inputs;
  bool stateful = false;

  /** Whether the attribute follows from the inputs and must not be set. */
  bool Implied(const std::string& attribute) const {
    for (const InputSchema& input : inputs) {
      if (attribute == input.number_attribute || attribute == input.types_attribute) return true;
    }
    return false;
  }
};

/** Steps through a serialised protocol buffer, one field at a time. */
class FieldReader {
 public:
  FieldReader(const uint8_t* data, size_t size) : at_(data), end_(data + size) {}

  /** Goes to the next field; false at the end or where the bytes are no message. */
  bool Next() {
    if (at_ >= end_) return false;
    const uint64_t key = Varint();
    field = static_cast<int>(key >> 3);
    switch (key & 7) {
      case 0: number = Varint(); return at_ <= end_;
      case 1: at_ += 8; return at_ <= end_;
      case 2:
        size = Varint();
        data = at_;
        if (size > static_cast<size_t>(end_ - at_)) return false;
        at_ += size;
        return true;
      case 5: at_ += 4; return at_ <= end_;
      default: return false;
    }
  }

  std::string Text() const { return std::string(reinterpret_cast<const char*>(data), size); }

  int field = 0;
  uint64_t number = 0;
  const uint8_t* data = nullptr;
  size_t size = 0;

 private:
  uint64_t Varint() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64 && at_ < end_; shift += 7) {
      const uint8_t byte = *at_++;
      value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (!(byte & 0x80)) break;
    }
    return value;
  }

  const uint8_t* at_;
  const uint8_t* end_;
};

/** Reads an OpDef (tensorflow/core/framework/op_def.proto): input_arg is field 2, is_stateful field 17. */
inline OpSchema ReadOpSchema(const TF_Buffer& op_def) {
  OpSchema schema;
  FieldReader op(static_cast<const uint8_t*>(op_def.data), op_def.length);
  while (op.Next()) {
    if (op.field == 17) schema.stateful = op.number != 0;
    if (op.field != 2) continue;
    InputSchema input;
    FieldReader argument(op.data, op.size);
    while (argument.Next()) {
      if (argument.field == 5) input.number_attribute = argument.Text();
      if (argument.field == 6) input.types_attribute = argument.Text();
    }
    schema.inputs.push_back(input);
  }
  return schema;
}

}  // namespace selfsup

#endif  // SELFSUP_OP_SCHEMA_H_
