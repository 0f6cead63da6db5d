// Reading JavaScript values; whatever is not of the type asked for reads as empty or zero.
#ifndef SELFSUP_JS_VALUES_H_
#define SELFSUP_JS_VALUES_H_

#include <node_api.h>
#include <cstdint>
#include <string>
#include <vector>

namespace selfsup {

class Js {
 public:
  explicit Js(napi_env env) : env_(env) {}

  napi_value Get(napi_value object, const char* name) const {
    napi_value value = nullptr;
    napi_get_named_property(env_, object, name, &value);
    return value;
  }

  napi_value At(napi_value array, uint32_t index) const {
    napi_value value = nullptr;
    napi_get_element(env_, array, index, &value);
    return value;
  }

  uint32_t Length(napi_value array) const {
    uint32_t length = 0;
    napi_get_array_length(env_, array, &length);
    return length;
  }

  bool IsArray(napi_value value) const {
    bool is_array = false;
    napi_is_array(env_, value, &is_array);
    return is_array;
  }

  bool IsObject(napi_value value) const {
    napi_valuetype type = napi_undefined;
    napi_typeof(env_, value, &type);
    return type == napi_object;
  }

  std::string Text(napi_value value) const {
    size_t length = 0;
    napi_get_value_string_utf8(env_, value, nullptr, 0, &length);
    std::string text(length, '\0');
    napi_get_value_string_utf8(env_, value, &text[0], length + 1, &length);
    return text;
  }

  double Number(napi_value value) const {
    double number = 0;
    napi_get_value_double(env_, value, &number);
    return number;
  }

  int64_t Integer(napi_value value) const { return static_cast<int64_t>(Number(value)); }

  bool Bool(napi_value value) const {
    bool truth = false;
    napi_get_value_bool(env_, value, &truth);
    return truth;
  }

  template <typename T>
  std::vector<T> Numbers(napi_value array) const {
    std::vector<T> numbers(Length(array));
    for (uint32_t i = 0; i < numbers.size(); i++) numbers[i] = static_cast<T>(Number(At(array, i)));
    return numbers;
  }

  /** The memory of a typed array, and its size in bytes. */
  std::pair<void*, size_t> Bytes(napi_value array) const {
    napi_typedarray_type type = napi_uint8_array;
    size_t length = 0;
    void* data = nullptr;
    if (napi_get_typedarray_info(env_, array, &type, &length, &data, nullptr, nullptr) != napi_ok) return {nullptr, 0};
    switch (type) {
      case napi_int16_array: case napi_uint16_array: return {data, 2 * length};
      case napi_int32_array: case napi_uint32_array: case napi_float32_array: return {data, 4 * length};
      case napi_float64_array: case napi_bigint64_array: case napi_biguint64_array: return {data, 8 * length};
      default: return {data, length};
    }
  }

  napi_value Truth(bool truth) const {
    napi_value value = nullptr;
    napi_get_boolean(env_, truth, &value);
    return value;
  }

  napi_value Throw(const std::string& message) const {
    napi_throw_error(env_, nullptr, message.c_str());
    return nullptr;
  }

  napi_env env() const { return env_; }

 private:
  napi_env env_;
};

}  // namespace selfsup

#endif  // SELFSUP_JS_VALUES_H_
