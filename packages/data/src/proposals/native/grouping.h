// Regions described by colour and texture, and joined two by two: selective search (Uijlings, van de Sande, Gevers and
// Smeulders, IJCV 2013, section 3).
#pragma once
#include <algorithm>
#include <queue>

#include "segmentation.h"

namespace grouping {

constexpr int colourBins = 25, textureBins = 10, directions = 8;
constexpr int colourLength = 3 * colourBins, textureLength = 3 * directions * textureBins;
constexpr int length = colourLength + textureLength;

struct Region {
  int32_t pixels = 0;
  // Edges on pixel borders.
  int left = 1 << 30, top = 1 << 30, right = 0, bottom = 0;
  // Of colour, then of texture; each sums to 1.
  std::vector<float> histogram;
};

// Of each pixel the places in the histogram that it counts for: of 3 colours, and of 3 times 8 directions.
class Bins {
 public:
  explicit Bins(const planes::Picture &picture) : at_(each * picture.size()) {
    const int width = picture.width, height = picture.height;
    const std::vector<float> smooth = planes::gaussian(1, 4, false), slope = planes::gaussian(1, 4, true);
    for (int c = 0; c < 3; c++) {
      for (size_t i = 0; i < picture.size(); i++)
        at_[each * i + c] = static_cast<uint16_t>(c * colourBins + binOf(picture.plane[c][i], 256, colourBins));
      const std::vector<float> x = planes::filtered(picture.plane[c], width, height, slope, smooth);
      const std::vector<float> y = planes::filtered(picture.plane[c], width, height, smooth, slope);
      float most = 1e-6f;
      for (int d = 0; d < directions; d++)
        for (size_t i = 0; i < picture.size(); i++) most = std::max(most, along(x[i], y[i], d));
      for (int d = 0; d < directions; d++) {
        const int first = colourLength + (c * directions + d) * textureBins;
        for (size_t i = 0; i < picture.size(); i++)
          at_[each * i + 3 + c * directions + d] =
              static_cast<uint16_t>(first + binOf(along(x[i], y[i], d), most, textureBins));
      }
    }
  }
  static constexpr int each = 3 + 3 * directions;
  const uint16_t *of(size_t pixel) const { return at_.data() + each * pixel; }

 private:
  // How much a plane rises in a direction, 0 where it falls.
  static float along(float x, float y, int direction) {
    static const float r = 0.70710678f;
    static const float cosine[directions] = {1, r, 0, -r, -1, -r, 0, r}, sine[directions] = {0, r, 1, r, 0, -r, -1, -r};
    const float value = cosine[direction] * x + sine[direction] * y;
    return value > 0 ? value : 0;
  }
  static int binOf(float value, float most, int bins) {
    return std::min(bins - 1, static_cast<int>(value / most * static_cast<float>(bins)));
  }
  std::vector<uint16_t> at_;
};

struct Start {
  std::vector<Region> regions;
  std::vector<std::vector<int32_t>> neighbours;
};

// The regions of a segmentation with their histograms, and which of them touch.
inline Start described(const segmentation::Regions &segments, const Bins &bins, int width, int height) {
  Start start{std::vector<Region>(segments.count), std::vector<std::vector<int32_t>>(segments.count)};
  for (Region &region : start.regions) region.histogram.assign(length, 0);
  const auto touch = [&](int32_t a, int32_t b) {
    if (a == b) return;
    start.neighbours[a].push_back(b);
    start.neighbours[b].push_back(a);
  };
  for (int y = 0; y < height; y++) {
    for (int x = 0; x < width; x++) {
      const size_t at = static_cast<size_t>(y) * width + x;
      const int32_t own = segments.label[at];
      Region &region = start.regions[own];
      region.pixels++;
      region.left = std::min(region.left, x), region.right = std::max(region.right, x + 1);
      region.top = std::min(region.top, y), region.bottom = std::max(region.bottom, y + 1);
      const uint16_t *places = bins.of(at);
      for (int i = 0; i < Bins::each; i++) region.histogram[places[i]]++;
      if (x + 1 < width) touch(own, segments.label[at + 1]);
      if (y + 1 < height) touch(own, segments.label[at + width]);
    }
  }
  for (int32_t i = 0; i < segments.count; i++) {
    Region &region = start.regions[i];
    for (int bin = 0; bin < length; bin++)
      region.histogram[bin] /= static_cast<float>(bin < colourLength ? 3 * region.pixels : 3 * directions * region.pixels);
    auto &around = start.neighbours[i];
    std::sort(around.begin(), around.end());
    around.erase(std::unique(around.begin(), around.end()), around.end());
  }
  return start;
}

// How alike two regions are: of colour (where asked for), texture, size and fill the sum; more is liker.
inline float likeness(const Region &a, const Region &b, bool colour, float imagePixels) {
  float common = 0;
  for (int i = colour ? 0 : colourLength; i < length; i++) common += std::min(a.histogram[i], b.histogram[i]);
  const float pixels = static_cast<float>(a.pixels) + static_cast<float>(b.pixels);
  const float around = static_cast<float>(std::max(a.right, b.right) - std::min(a.left, b.left)) *
                       static_cast<float>(std::max(a.bottom, b.bottom) - std::min(a.top, b.top));
  return common + (1 - pixels / imagePixels) + (1 - (around - pixels) / imagePixels);
}

inline Region joined(const Region &a, const Region &b) {
  Region both;
  both.pixels = a.pixels + b.pixels;
  both.left = std::min(a.left, b.left), both.right = std::max(a.right, b.right);
  both.top = std::min(a.top, b.top), both.bottom = std::max(a.bottom, b.bottom);
  both.histogram.resize(length);
  const float share = static_cast<float>(a.pixels) / static_cast<float>(both.pixels);
  for (int i = 0; i < length; i++) both.histogram[i] = share * a.histogram[i] + (1 - share) * b.histogram[i];
  return both;
}

// Joins the two most alike regions that touch until one is left. Returns all regions that ever were, those of the start
// first, the whole picture last. Of pairs that are equally alike the one with the lower numbers comes first.
inline std::vector<Region> grouped(const Start &start, bool colour, size_t imagePixels) {
  struct Pair {
    float likeness;
    int32_t a, b;
    bool operator<(const Pair &other) const {
      if (likeness != other.likeness) return likeness < other.likeness;
      return a != other.a ? a > other.a : b > other.b;
    }
  };
  std::vector<Region> regions = start.regions;
  regions.reserve(2 * regions.size());
  std::vector<std::vector<int32_t>> neighbours = start.neighbours;
  std::vector<char> isThere(regions.size(), 1);
  std::priority_queue<Pair> pairs;
  const auto offer = [&](int32_t a, int32_t b) {
    pairs.push({likeness(regions[a], regions[b], colour, static_cast<float>(imagePixels)), a, b});
  };
  for (int32_t a = 0; a < static_cast<int32_t>(regions.size()); a++)
    for (int32_t b : neighbours[a])
      if (a < b) offer(a, b);
  std::vector<int32_t> around;
  while (!pairs.empty()) {
    const Pair best = pairs.top();
    pairs.pop();
    if (!isThere[best.a] || !isThere[best.b]) continue;
    const int32_t own = static_cast<int32_t>(regions.size());
    regions.push_back(joined(regions[best.a], regions[best.b]));
    isThere[best.a] = isThere[best.b] = 0;
    around.clear();
    for (int32_t half : {best.a, best.b})
      for (int32_t other : neighbours[half])
        if (isThere[other]) around.push_back(other);
    std::sort(around.begin(), around.end());
    around.erase(std::unique(around.begin(), around.end()), around.end());
    isThere.push_back(1);
    for (int32_t other : around) {
      neighbours[other].push_back(own);
      offer(other, own);
    }
    neighbours.push_back(around);
    for (int32_t half : {best.a, best.b}) {
      neighbours[half].clear();
      regions[half].histogram.clear();
      regions[half].histogram.shrink_to_fit();
    }
  }
  return regions;
}

}  // namespace grouping
