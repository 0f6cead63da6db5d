// Arguments and results of functions that JavaScript calls.
#pragma once

#include <node_api.h>

#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <string>
#include <vector>

struct Bytes {
  uint8_t *data;
  size_t length;
};

// Arguments of a call; `ok` turns false at the first that is missing or of another type.
class Arguments {
 public:
  Arguments(napi_env env, napi_callback_info info) : env_(env) {
    count_ = 24;
    napi_get_cb_info(env, info, &count_, values_, nullptr, nullptr);
  }
  double number() {
    double value = 0;
    if (next_ >= count_ || napi_get_value_double(env_, values_[next_++], &value) != napi_ok) ok = false;
    return value;
  }
  int whole() { return static_cast<int>(number()); }
  Bytes bytes() {
    Bytes result{nullptr, 0};
    void *data = nullptr;
    napi_typedarray_type type;
    if (next_ >= count_ || napi_get_typedarray_info(env_, values_[next_++], &type, &result.length, &data, nullptr,
                                                    nullptr) != napi_ok ||
        (type != napi_uint8_array && type != napi_uint8_clamped_array))
      ok = false;
    result.data = static_cast<uint8_t *>(data);
    return result;
  }
  // An array of doubles.
  std::vector<double> doubles() {
    napi_typedarray_type type;
    size_t count = 0;
    void *data = nullptr;
    if (next_ >= count_ ||
        napi_get_typedarray_info(env_, values_[next_++], &type, &count, &data, nullptr, nullptr) != napi_ok ||
        type != napi_float64_array) {
      ok = false;
      return {};
    }
    const double *first = static_cast<const double *>(data);
    return std::vector<double>(first, first + count);
  }
  bool ok = true;

 private:
  napi_env env_;
  napi_value values_[24];
  size_t count_, next_ = 0;
};

inline napi_value fail(napi_env env, const std::string &message) {
  napi_throw_error(env, nullptr, message.c_str());
  return nullptr;
}

inline napi_value wrongArguments(napi_env env) { return fail(env, "wrong arguments"); }

inline napi_value numbers(napi_env env, const std::vector<double> &values) {
  napi_value array;
  napi_create_array_with_length(env, values.size(), &array);
  for (size_t i = 0; i < values.size(); i++) {
    napi_value value;
    napi_create_double(env, values[i], &value);
    napi_set_element(env, array, static_cast<uint32_t>(i), value);
  }
  return array;
}

// An array of four-byte numbers, copied.
template <typename Value>
napi_value typedArray(napi_env env, napi_typedarray_type type, const std::vector<Value> &values) {
  static_assert(sizeof(Value) == 4, "four bytes a value");
  void *out = nullptr;
  napi_value buffer, array;
  if (napi_create_arraybuffer(env, 4 * values.size(), &out, &buffer) != napi_ok) return fail(env, "no memory");
  if (!values.empty()) std::memcpy(out, values.data(), 4 * values.size());
  napi_create_typedarray(env, type, values.size(), buffer, 0, &array);
  return array;
}

struct Named {
  const char *name;
  napi_callback call;
};

// Puts functions into what the addon exports.
inline napi_value exported(napi_env env, napi_value exports, std::initializer_list<Named> functions) {
  for (const Named &function : functions) {
    napi_value value;
    napi_create_function(env, function.name, NAPI_AUTO_LENGTH, function.call, nullptr, &value);
    napi_set_named_property(env, exports, function.name, value);
  }
  return exports;
}
