// Selective search over a picture: boxes of regions that are joined from small ones up, in several ways.
#include "../../native/arguments.h"
#include "grouping.h"

namespace {

// selectiveSearch(rgb, [width, height, sigma, hsv, lab, with colour, without colour, k…]) -> Float32Array: of each region
// left, top, right, bottom and its place in its hierarchy, 1 for the whole picture. The least size of a segment is k.
napi_value SelectiveSearch(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  const Bytes rgb = args.bytes();
  const std::vector<double> settings = args.doubles();
  if (!args.ok || settings.size() < 8) return wrongArguments(env);
  const int width = static_cast<int>(settings[0]), height = static_cast<int>(settings[1]);
  if (width < 1 || height < 1 || static_cast<size_t>(width) * height * 3 > rgb.length) return wrongArguments(env);
  std::vector<float> boxes;
  for (int space = 0; space < 2; space++) {
    if (settings[3 + space] == 0) continue;
    const planes::Picture picture = space == 0 ? planes::hsv(rgb.data, width, height) : planes::lab(rgb.data, width, height);
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
  return typedArray(env, napi_float32_array, boxes);
}

// segment(rgb, [width, height, sigma, k, least]) -> Int32Array: of each pixel its segment in the picture's own colours.
napi_value Segment(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  const Bytes rgb = args.bytes();
  const std::vector<double> s = args.doubles();
  if (!args.ok || s.size() != 5 || s[0] < 1 || s[1] < 1 || s[0] * s[1] * 3 > static_cast<double>(rgb.length))
    return wrongArguments(env);
  planes::Picture picture{static_cast<int>(s[0]), static_cast<int>(s[1]), {}};
  for (int c = 0; c < 3; c++)
    for (size_t i = 0; i < picture.size(); i++) picture.plane[c].push_back(rgb.data[3 * i + c]);
  const auto edges = segmentation::edgesOf(picture, s[2]);
  const auto regions =
      segmentation::segmented(edges, picture.size(), static_cast<float>(s[3]), static_cast<int>(s[4]));
  return typedArray(env, napi_int32_array, regions.label);
}

napi_value Init(napi_env env, napi_value exports) {
  return exported(env, exports, {{"selectiveSearch", SelectiveSearch}, {"segment", Segment}});
}

}  // namespace

NAPI_MODULE(selective_search, Init)
