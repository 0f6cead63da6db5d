// Changes of colour, on bytes. Each matches what Pillow's ImageEnhance does, and torchvision's adjust_hue on its images.
#pragma once
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace colour {

inline uint8_t clipped(float value) {
  return value <= 0.0f ? 0 : value >= 255.0f ? 255 : static_cast<uint8_t>(value);
}

// ITU-R 601 luma, rounded.
inline uint8_t luma(const uint8_t *p) {
  return static_cast<uint8_t>((p[0] * 19595 + p[1] * 38470 + p[2] * 7471 + 0x8000) >> 16);
}

inline uint8_t mixed(int from, int to, float amount) { return clipped(from + amount * (to - from)); }

inline void brightness(uint8_t *p, size_t pixels, float factor) {
  uint8_t table[256];
  for (int v = 0; v < 256; v++) table[v] = mixed(0, v, factor);
  for (size_t i = 0; i < 3 * pixels; i++) p[i] = table[p[i]];
}

inline void contrast(uint8_t *p, size_t pixels, float factor) {
  uint64_t sum = 0;
  for (size_t i = 0; i < pixels; i++) sum += luma(p + 3 * i);
  const int mean = static_cast<int>(static_cast<double>(sum) / static_cast<double>(pixels) + 0.5);
  uint8_t table[256];
  for (int v = 0; v < 256; v++) table[v] = mixed(mean, v, factor);
  for (size_t i = 0; i < 3 * pixels; i++) p[i] = table[p[i]];
}

inline void saturation(uint8_t *p, size_t pixels, float factor) {
  for (size_t i = 0; i < pixels; i++, p += 3) {
    const int gray = luma(p);
    for (int c = 0; c < 3; c++) p[c] = mixed(gray, p[c], factor);
  }
}

// Turns the hue by `turns` of the colour circle, in steps of 1/256 as HSV bytes have them.
inline void hue(uint8_t *p, size_t pixels, float turns) {
  const uint8_t shift = static_cast<uint8_t>(static_cast<int>(turns * 255.0f));
  for (size_t i = 0; i < pixels; i++, p += 3) {
    const int r = p[0], g = p[1], b = p[2];
    const int high = r > g ? (r > b ? r : b) : (g > b ? g : b);
    const int low = r < g ? (r < b ? r : b) : (g < b ? g : b);
    if (high == low) continue;  // grey has no hue
    const float range = static_cast<float>(high - low);
    float h = r == high ? (g - b) / range : g == high ? 2.0f + (b - r) / range : 4.0f + (r - g) / range;
    h = h / 6.0f;
    if (h < 0.0f) h += 1.0f;
    const uint8_t hueByte = static_cast<uint8_t>(clipped(h * 255.0f) + shift);
    const uint8_t saturationByte = clipped(range * 255.0f / high);
    const float position = hueByte * 6.0f / 255.0f;
    const int sector = static_cast<int>(position);
    const float part = position - sector;
    const float s = saturationByte / 255.0f;
    auto rounded = [high](float share) { return clipped(high * share + 0.5f); };
    const uint8_t v = static_cast<uint8_t>(high), a = rounded(1.0f - s), d = rounded(1.0f - s * part),
                  u = rounded(1.0f - s * (1.0f - part));
    switch (sector % 6) {
      case 0: p[0] = v; p[1] = u; p[2] = a; break;
      case 1: p[0] = d; p[1] = v; p[2] = a; break;
      case 2: p[0] = a; p[1] = v; p[2] = u; break;
      case 3: p[0] = a; p[1] = d; p[2] = v; break;
      case 4: p[0] = u; p[1] = a; p[2] = v; break;
      default: p[0] = v; p[1] = a; p[2] = d; break;
    }
  }
}

inline void grey(uint8_t *p, size_t pixels) {
  for (size_t i = 0; i < pixels; i++, p += 3) p[0] = p[1] = p[2] = luma(p);
}

}  // namespace colour
