// The native picture code under a fuzzer and sanitizers: what of Node's interface it calls is played here, so that inputs
// reach it as they do from JavaScript. With clang -fsanitize=fuzzer it is guided by coverage.
#include "pictures.cc"

#include <cstdio>

struct Value {
  double number;
  uint8_t *data;
  size_t length;
};
static std::vector<Value> given;
static bool thrown;
static std::vector<double> answer;

extern "C" {
napi_status napi_get_cb_info(napi_env, napi_callback_info, size_t *count, napi_value *values, napi_value *, void **) {
  const size_t room = *count;
  for (size_t i = 0; i < given.size() && i < room; i++) values[i] = reinterpret_cast<napi_value>(&given[i]);
  *count = given.size();
  return napi_ok;
}
napi_status napi_get_value_double(napi_env, napi_value value, double *result) {
  *result = reinterpret_cast<Value *>(value)->number;
  return napi_ok;
}
napi_status napi_get_typedarray_info(napi_env, napi_value value, napi_typedarray_type *type, size_t *length, void **data,
                                     napi_value *, size_t *) {
  *type = napi_uint8_array;
  *length = reinterpret_cast<Value *>(value)->length;
  *data = reinterpret_cast<Value *>(value)->data;
  return napi_ok;
}
napi_status napi_throw_error(napi_env, const char *, const char *) {
  thrown = true;
  return napi_ok;
}
napi_status napi_create_array_with_length(napi_env, size_t length, napi_value *result) {
  answer.assign(length, 0);
  *result = reinterpret_cast<napi_value>(&answer);
  return napi_ok;
}
napi_status napi_create_double(napi_env, double value, napi_value *result) {
  static double kept;
  kept = value;
  *result = reinterpret_cast<napi_value>(&kept);
  return napi_ok;
}
napi_status napi_set_element(napi_env, napi_value, uint32_t index, napi_value value) {
  answer.at(index) = *reinterpret_cast<double *>(value);
  return napi_ok;
}
napi_status napi_create_buffer_copy(napi_env, size_t, const void *, void **, napi_value *) { return napi_ok; }
napi_status napi_create_function(napi_env, const char *, size_t, napi_callback, void *, napi_value *) { return napi_ok; }
napi_status napi_set_named_property(napi_env, napi_value, const char *, napi_value) { return napi_ok; }
void napi_module_register(napi_module *) {}
}

static bool call(napi_value (*function)(napi_env, napi_callback_info), std::vector<Value> values) {
  given = std::move(values);
  thrown = false;
  function(nullptr, nullptr);
  return !thrown;
}

static Value number(double value) { return {value, nullptr, 0}; }

// The last eight bytes say what is asked of the picture before them.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 9) return 0;
  const uint8_t *asked = data + size - 8;
  std::vector<uint8_t> picture(data, data + size - 8);  // on the heap, so that reading past its end is seen
  const Value jpeg{0, picture.data(), picture.size()};
  if (!call(JpegHeader, {jpeg})) return 0;
  const double width = answer[0], height = answer[1];
  if (width * height > 1 << 20) return 0;  // larger ones are refused or only take longer
  const int channels = asked[0] & 1 ? 1 : 3, shrink = 1 << (asked[1] & 3);
  std::vector<uint8_t> whole(static_cast<size_t>(std::ceil(width / shrink) * std::ceil(height / shrink)) * channels);
  call(JpegDecode, {jpeg, number(channels), number(shrink), {0, whole.data(), whole.size()}});
  const double x0 = width * asked[2] / 256, y0 = height * asked[3] / 256;
  const double x1 = x0 + (width - x0) * (asked[4] + 1) / 256, y1 = y0 + (height - y0) * (asked[5] + 1) / 256;
  const int outWidth = 1 + asked[6] % 64, outHeight = 1 + asked[7] % 64;
  std::vector<uint8_t> out(static_cast<size_t>(outWidth) * outHeight * channels);
  const Value target{0, out.data(), out.size()};
  call(JpegView, {jpeg, number(x0), number(y0), number(x1), number(y1), number(asked[0] >> 1 & 1), number(asked[0] >> 2 & 1),
                  number(channels), number(outWidth), number(outHeight), target, number(0)});
  return 0;
}
