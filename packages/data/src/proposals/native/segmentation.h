// Segmentation of a picture by a graph of its pixels: Felzenszwalb and Huttenlocher, "Efficient graph-based image
// segmentation", IJCV 2004.
#pragma once
#include <cstring>

#include "planes.h"

namespace segmentation {

struct Edge {
  float weight;
  int32_t a, b;
};

// Pixels joined to regions; each region has a pixel that stands for it.
class Forest {
 public:
  explicit Forest(size_t pixels) : parent_(pixels), size_(pixels, 1) {
    for (size_t i = 0; i < pixels; i++) parent_[i] = static_cast<int32_t>(i);
  }
  int32_t find(int32_t pixel) {
    while (parent_[pixel] != pixel) pixel = parent_[pixel] = parent_[parent_[pixel]];
    return pixel;
  }
  // Joins two regions, given by what stands for them, and returns what stands for both.
  int32_t join(int32_t a, int32_t b) {
    if (size_[a] < size_[b]) std::swap(a, b);
    parent_[b] = a;
    size_[a] += size_[b];
    return a;
  }
  int32_t size(int32_t root) const { return size_[root]; }

 private:
  std::vector<int32_t> parent_, size_;
};

// Sorts by weight; edges of one weight keep their order. Bits of floats that are not negative are ordered as they are.
inline std::vector<Edge> sorted(std::vector<Edge> edges) {
  std::vector<Edge> other(edges.size());
  for (int shift = 0; shift < 32; shift += 11) {
    std::vector<size_t> starts(2049, 0);
    const auto digit = [shift](const Edge &edge) {
      uint32_t bits;
      std::memcpy(&bits, &edge.weight, 4);
      return (bits >> shift) & 2047;
    };
    for (const Edge &edge : edges) starts[digit(edge) + 1]++;
    for (int i = 0; i < 2048; i++) starts[i + 1] += starts[i];
    for (const Edge &edge : edges) other[starts[digit(edge)]++] = edge;
    edges.swap(other);
  }
  return edges;
}

// Edges between each pixel and its eight neighbours, their weight the distance of the colours of the smoothed picture.
inline std::vector<Edge> edgesOf(const planes::Picture &picture, double sigma) {
  const int width = picture.width, height = picture.height;
  std::vector<float> smooth[3] = {picture.plane[0], picture.plane[1], picture.plane[2]};
  if (sigma > 0) {
    const std::vector<float> kernel = planes::gaussian(sigma, static_cast<int>(std::ceil(4 * sigma)), false);
    for (auto &plane : smooth) plane = planes::filtered(plane, width, height, kernel, kernel);
  }
  std::vector<Edge> edges;
  edges.reserve(4 * picture.size());
  const auto add = [&](int32_t a, int32_t b) {
    float sum = 0;
    for (const auto &plane : smooth) sum += (plane[a] - plane[b]) * (plane[a] - plane[b]);
    edges.push_back({std::sqrt(sum), a, b});
  };
  for (int y = 0; y < height; y++) {
    for (int x = 0; x < width; x++) {
      const int32_t at = y * width + x;
      if (x + 1 < width) add(at, at + 1);
      if (y + 1 < height) add(at, at + width);
      if (x + 1 < width && y + 1 < height) add(at, at + width + 1);
      if (x + 1 < width && y > 0) add(at, at - width + 1);
    }
  }
  return sorted(std::move(edges));
}

struct Regions {
  int count;
  // Of each pixel its region, numbered as they come row by row.
  std::vector<int32_t> label;
};

// Joins regions across an edge that is no heavier than either holds together with: its heaviest joined edge + k / size.
// Regions of fewer than `least` pixels are joined to a neighbour at last. `edges` are sorted.
inline Regions segmented(const std::vector<Edge> &edges, size_t pixels, float k, int least) {
  Forest forest(pixels);
  std::vector<float> limit(pixels, k);
  for (const Edge &edge : edges) {
    const int32_t a = forest.find(edge.a), b = forest.find(edge.b);
    if (a == b || edge.weight > limit[a] || edge.weight > limit[b]) continue;
    const int32_t joined = forest.join(a, b);
    limit[joined] = edge.weight + k / static_cast<float>(forest.size(joined));
  }
  for (const Edge &edge : edges) {
    const int32_t a = forest.find(edge.a), b = forest.find(edge.b);
    if (a != b && (forest.size(a) < least || forest.size(b) < least)) forest.join(a, b);
  }
  Regions regions{0, std::vector<int32_t>(pixels)};
  std::vector<int32_t> number(pixels, -1);
  for (size_t i = 0; i < pixels; i++) {
    int32_t &own = number[forest.find(static_cast<int32_t>(i))];
    if (own < 0) own = regions.count++;
    regions.label[i] = own;
  }
  return regions;
}

}  // namespace segmentation
