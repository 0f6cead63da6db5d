// Selective search over a picture: boxes of regions that are joined from small ones up, in several ways.
#include <node_api.h>

#include "grouping.h"

namespace {

napi_value fail(napi_env env, const char *message) {
  napi_throw_error(env, nullptr, message);
  return nullptr;
}

// Numbers of an array of doubles; empty where the value is something else.
std::vector<double> numbers(napi_env env, napi_value value) {
  napi_typedarray_type type;
  size_t count = 0;
  void *data = nullptr;
  if (napi_get_typedarray_info(env, value, &type, &count, &data, nullptr, nullptr) != napi_ok ||
      type != napi_float64_array)
    return {};
  const double *first = static_cast<const double *>(data);
  return std::vector<double>(first, first + count);
}

// selectiveSearch(rgb, [width, height, sigma, hsv, lab, with colour, without colour, k…]) -> Float32Array: of each region
// left, top, right, bottom and its place in its hierarchy, 1 for the whole picture. The least size of a segment is k.
napi_value SelectiveSearch(napi_env env, napi_callback_info info) {
  napi_value args[2];
  size_t count = 2, bytes = 0;
  void *data = nullptr;
  napi_typedarray_type type;
  napi_get_cb_info(env, info, &count, args, nullptr, nullptr);
  if (count < 2 || napi_get_typedarray_info(env, args[0], &type, &bytes, &data, nullptr, nullptr) != napi_ok)
    return fail(env, "wrong arguments");
  const std::vector<double> settings = numbers(env, args[1]);
  if (settings.size() < 8) return fail(env, "wrong arguments");
  const int width = static_cast<int>(settings[0]), height = static_cast<int>(settings[1]);
  if (width < 1 || height < 1 || static_cast<size_t>(width) * height * 3 > bytes) return fail(env, "wrong arguments");
  const uint8_t *rgb = static_cast<const uint8_t *>(data);
  std::vector<float> boxes;
  for (int space = 0; space < 2; space++) {
    if (settings[3 + space] == 0) continue;
    const planes::Picture picture = space == 0 ? planes::hsv(rgb, width, height) : planes::lab(rgb, width, height);
    const std::vector<segmentation::Edge> edges = segmentation::edgesOf(picture, settings[2]);
    const grouping::Bins bins(picture);
    for (size_t i = 7; i < settings.size(); i++) {
      const auto segments =
          segmentation::segmented(edges, picture.size(), static_cast<float>(settings[i]), static_cast<int>(settings[i]));
      const grouping::Start start = grouping::described(segments, bins, width, height);
      for (const bool colour : {true, false}) {
        if (settings[colour ? 5 : 6] == 0) continue;
        const std::vector<grouping::Region> regions = grouping::grouped(start, colour, picture.size());
        for (size_t at = 0; at < regions.size(); at++) {
          const grouping::Region &region = regions[at];
          for (int edge : {region.left, region.top, region.right, region.bottom}) boxes.push_back(static_cast<float>(edge));
          boxes.push_back(static_cast<float>(regions.size() - at));
        }
      }
    }
  }
  void *out = nullptr;
  napi_value buffer, array;
  if (napi_create_arraybuffer(env, boxes.size() * sizeof(float), &out, &buffer) != napi_ok) return fail(env, "no memory");
  std::memcpy(out, boxes.data(), boxes.size() * sizeof(float));
  napi_create_typedarray(env, napi_float32_array, boxes.size(), buffer, 0, &array);
  return array;
}

// segment(rgb, [width, height, sigma, k, least]) -> Int32Array: of each pixel its segment in the picture's own colours.
napi_value Segment(napi_env env, napi_callback_info info) {
  napi_value args[2];
  size_t count = 2, bytes = 0;
  void *data = nullptr;
  napi_typedarray_type type;
  napi_get_cb_info(env, info, &count, args, nullptr, nullptr);
  if (count < 2 || napi_get_typedarray_info(env, args[0], &type, &bytes, &data, nullptr, nullptr) != napi_ok)
    return fail(env, "wrong arguments");
  const std::vector<double> s = numbers(env, args[1]);
  if (s.size() != 5 || s[0] < 1 || s[1] < 1 || s[0] * s[1] * 3 > static_cast<double>(bytes))
    return fail(env, "wrong arguments");
  planes::Picture picture{static_cast<int>(s[0]), static_cast<int>(s[1]), {}};
  const uint8_t *rgb = static_cast<const uint8_t *>(data);
  for (int c = 0; c < 3; c++)
    for (size_t i = 0; i < picture.size(); i++) picture.plane[c].push_back(rgb[3 * i + c]);
  const auto edges = segmentation::edgesOf(picture, s[2]);
  const auto regions =
      segmentation::segmented(edges, picture.size(), static_cast<float>(s[3]), static_cast<int>(s[4]));
  void *out = nullptr;
  napi_value buffer, array;
  if (napi_create_arraybuffer(env, 4 * picture.size(), &out, &buffer) != napi_ok) return fail(env, "no memory");
  std::memcpy(out, regions.label.data(), 4 * picture.size());
  napi_create_typedarray(env, napi_int32_array, picture.size(), buffer, 0, &array);
  return array;
}

napi_value Init(napi_env env, napi_value exports) {
  napi_value search, segment;
  napi_create_function(env, "selectiveSearch", NAPI_AUTO_LENGTH, SelectiveSearch, nullptr, &search);
  napi_set_named_property(env, exports, "selectiveSearch", search);
  napi_create_function(env, "segment", NAPI_AUTO_LENGTH, Segment, nullptr, &segment);
  napi_set_named_property(env, exports, "segment", segment);
  return exports;
}

}  // namespace

NAPI_MODULE(selective_search, Init)
