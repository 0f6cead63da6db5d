// Pictures as three planes of floats in 0..255: colour spaces, and filters over them.
#pragma once
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace planes {

struct Picture {
  int width, height;
  std::vector<float> plane[3];
  size_t size() const { return static_cast<size_t>(width) * height; }
};

inline float rounded(double value) { return static_cast<float>(value < 0 ? 0 : value > 255 ? 255 : std::floor(value + 0.5)); }

// Hue, saturation and value, each stretched to 0..255 and rounded.
inline Picture hsv(const uint8_t *rgb, int width, int height) {
  Picture out{width, height, {}};
  for (auto &plane : out.plane) plane.resize(out.size());
  for (size_t i = 0; i < out.size(); i++, rgb += 3) {
    const int r = rgb[0], g = rgb[1], b = rgb[2];
    const int high = r > g ? (r > b ? r : b) : (g > b ? g : b), low = r < g ? (r < b ? r : b) : (g < b ? g : b);
    const double range = high - low;
    double hue = 0;
    if (range > 0) hue = high == r ? (g - b) / range : high == g ? 2 + (b - r) / range : 4 + (r - g) / range;
    if (hue < 0) hue += 6;
    out.plane[0][i] = rounded(hue / 6 * 255);
    out.plane[1][i] = high == 0 ? 0 : rounded(range / high * 255);
    out.plane[2][i] = static_cast<float>(high);
  }
  return out;
}

// CIE L*a*b* of sRGB under D65: L stretched from 0..100 to 0..255, a and b moved by 128, rounded.
inline Picture lab(const uint8_t *rgb, int width, int height) {
  Picture out{width, height, {}};
  for (auto &plane : out.plane) plane.resize(out.size());
  double linear[256];
  for (int v = 0; v < 256; v++) linear[v] = v <= 10 ? v / 255.0 / 12.92 : std::pow((v / 255.0 + 0.055) / 1.055, 2.4);
  const auto f = [](double t) { return t > 216.0 / 24389 ? std::cbrt(t) : (24389.0 / 27 * t + 16) / 116; };
  for (size_t i = 0; i < out.size(); i++, rgb += 3) {
    const double r = linear[rgb[0]], g = linear[rgb[1]], b = linear[rgb[2]];
    const double x = f((0.4124564 * r + 0.3575761 * g + 0.1804375 * b) / 0.95047);
    const double y = f(0.2126729 * r + 0.7151522 * g + 0.0721750 * b);
    const double z = f((0.0193339 * r + 0.1191920 * g + 0.9503041 * b) / 1.08883);
    out.plane[0][i] = rounded((116 * y - 16) * 2.55);
    out.plane[1][i] = rounded(500 * (x - y) + 128);
    out.plane[2][i] = rounded(200 * (y - z) + 128);
  }
  return out;
}

// A Gaussian of this sigma sampled at whole places, out to `radius`, its sum 1; or its derivative.
inline std::vector<float> gaussian(double sigma, int radius, bool derivative) {
  std::vector<double> kernel(2 * radius + 1);
  double sum = 0;
  for (int i = -radius; i <= radius; i++) sum += kernel[i + radius] = std::exp(-0.5 * i * i / (sigma * sigma));
  std::vector<float> out(kernel.size());
  for (int i = -radius; i <= radius; i++)
    out[i + radius] = static_cast<float>(kernel[i + radius] / sum * (derivative ? i / (sigma * sigma) : 1));
  return out;
}

// Rows filtered by one kernel and columns by another; beyond its edges a plane goes on as it ends.
inline std::vector<float> filtered(const std::vector<float> &plane, int width, int height, const std::vector<float> &across,
                                   const std::vector<float> &down) {
  const int left = static_cast<int>(across.size() / 2), above = static_cast<int>(down.size() / 2);
  std::vector<float> between(plane.size(), 0), out(plane.size(), 0), line(width + 2 * left);
  for (int y = 0; y < height; y++) {
    const float *from = plane.data() + static_cast<ptrdiff_t>(y) * width;
    float *to = between.data() + static_cast<ptrdiff_t>(y) * width;
    for (int x = -left; x < width + left; x++) line[x + left] = from[x < 0 ? 0 : x >= width ? width - 1 : x];
    for (size_t i = 0; i < across.size(); i++)
      for (int x = 0; x < width; x++) to[x] += across[i] * line[x + i];
  }
  for (int y = 0; y < height; y++) {
    float *to = out.data() + static_cast<ptrdiff_t>(y) * width;
    for (size_t i = 0; i < down.size(); i++) {
      const int row = y + static_cast<int>(i) - above;
      const float *from = between.data() + static_cast<ptrdiff_t>(row < 0 ? 0 : row >= height ? height - 1 : row) * width;
      for (int x = 0; x < width; x++) to[x] += down[i] * from[x];
    }
  }
  return out;
}

}  // namespace planes
