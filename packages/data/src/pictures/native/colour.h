// Changes of colour, on bytes. Each matches what Pillow's ImageEnhance does, and torchvision's adjust_hue on its images.
#pragma once
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "resample.h"

namespace colour {

#if defined(__x86_64__)
// Four pixels of three bytes as vectors of their reds, greens and blues, and back. Twelve bytes are read and written.
struct FourPixels {
  __m128i r, g, b;
};

FAST inline FourPixels loaded(const uint8_t *p) {
  int32_t tail;
  std::memcpy(&tail, p + 8, 4);
  const __m128i bytes = _mm_insert_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i *>(p)), tail, 2);
  const __m128i third = _mm_set_epi8(-1, -1, -1, 9, -1, -1, -1, 6, -1, -1, -1, 3, -1, -1, -1, 0);
  return {_mm_shuffle_epi8(bytes, third), _mm_shuffle_epi8(_mm_srli_si128(bytes, 1), third),
          _mm_shuffle_epi8(_mm_srli_si128(bytes, 2), third)};
}

FAST inline void stored(const FourPixels &four, uint8_t *p) {
  const __m128i all = _mm_or_si128(four.r, _mm_or_si128(_mm_slli_epi32(four.g, 8), _mm_slli_epi32(four.b, 16)));
  const __m128i packing = _mm_set_epi8(-1, -1, -1, -1, 14, 13, 12, 10, 9, 8, 6, 5, 4, 2, 1, 0);
  const __m128i bytes = _mm_shuffle_epi8(all, packing);
  _mm_storel_epi64(reinterpret_cast<__m128i *>(p), bytes);
  const int32_t tail = _mm_extract_epi32(bytes, 2);
  std::memcpy(p + 8, &tail, 4);
}

FAST inline __m128i chosen(__m128i otherwise, __m128i value, __m128i where) {
  return _mm_blendv_epi8(otherwise, value, where);
}

FAST inline __m128i lumaOf(const FourPixels &p) {
  const __m128i sum = _mm_add_epi32(_mm_mullo_epi32(p.r, _mm_set1_epi32(19595)),
                                    _mm_add_epi32(_mm_mullo_epi32(p.g, _mm_set1_epi32(38470)),
                                                  _mm_mullo_epi32(p.b, _mm_set1_epi32(7471))));
  return _mm_srli_epi32(_mm_add_epi32(sum, _mm_set1_epi32(0x8000)), 16);
}

FAST inline __m128i mixedWith(__m128 gray, __m128i value, __m128 factor) {
  const __m128 mixed = _mm_add_ps(gray, _mm_mul_ps(factor, _mm_sub_ps(_mm_cvtepi32_ps(value), gray)));
  return _mm_cvttps_epi32(_mm_min_ps(_mm_max_ps(mixed, _mm_setzero_ps()), _mm_set1_ps(255.0f)));
}

FAST inline void saturationOfFour(uint8_t *p, float factor) {
  const FourPixels four = loaded(p);
  const __m128 gray = _mm_cvtepi32_ps(lumaOf(four)), f = _mm_set1_ps(factor);
  stored({mixedWith(gray, four.r, f), mixedWith(gray, four.g, f), mixedWith(gray, four.b, f)}, p);
}

// The same steps as `hue` below, for four pixels at once.
FAST inline void hueOfFour(uint8_t *p, int shift) {
  const FourPixels x = loaded(p);
  const __m128i high = _mm_max_epi32(x.r, _mm_max_epi32(x.g, x.b)), low = _mm_min_epi32(x.r, _mm_min_epi32(x.g, x.b));
  const __m128i isGrey = _mm_cmpeq_epi32(high, low), isRed = _mm_cmpeq_epi32(x.r, high);
  const __m128i isGreen = _mm_cmpeq_epi32(x.g, high);
  const __m128 v = _mm_cvtepi32_ps(high), range = _mm_cvtepi32_ps(_mm_sub_epi32(high, low)), one = _mm_set1_ps(1.0f);
  const __m128i difference = chosen(chosen(_mm_sub_epi32(x.r, x.g), _mm_sub_epi32(x.b, x.r), isGreen),
                                    _mm_sub_epi32(x.g, x.b), isRed);
  const __m128i offset = chosen(chosen(_mm_set1_epi32(4), _mm_set1_epi32(2), isGreen), _mm_setzero_si128(), isRed);
  __m128 h = _mm_add_ps(_mm_cvtepi32_ps(offset), _mm_div_ps(_mm_cvtepi32_ps(difference), range));
  h = _mm_div_ps(h, _mm_set1_ps(6.0f));
  h = _mm_add_ps(h, _mm_and_ps(_mm_cmplt_ps(h, _mm_setzero_ps()), one));
  const __m128i hueByte = _mm_and_si128(
      _mm_add_epi32(_mm_cvttps_epi32(_mm_mul_ps(h, _mm_set1_ps(255.0f))), _mm_set1_epi32(shift)), _mm_set1_epi32(255));
  const __m128i saturationByte = _mm_cvttps_epi32(_mm_div_ps(_mm_mul_ps(range, _mm_set1_ps(255.0f)), v));
  const __m128 position =
      _mm_div_ps(_mm_mul_ps(_mm_cvtepi32_ps(hueByte), _mm_set1_ps(6.0f)), _mm_set1_ps(255.0f));
  const __m128i sector = _mm_cvttps_epi32(position);
  const __m128 part = _mm_sub_ps(position, _mm_cvtepi32_ps(sector));
  const __m128 s = _mm_div_ps(_mm_cvtepi32_ps(saturationByte), _mm_set1_ps(255.0f));
  const auto rounded = [&](__m128 share) {
    return _mm_cvttps_epi32(_mm_add_ps(_mm_mul_ps(v, share), _mm_set1_ps(0.5f)));
  };
  const __m128i a = rounded(_mm_sub_ps(one, s)), d = rounded(_mm_sub_ps(one, _mm_mul_ps(s, part)));
  const __m128i u = rounded(_mm_sub_ps(one, _mm_mul_ps(s, _mm_sub_ps(one, part))));
  const auto in = [&](int which) { return _mm_cmpeq_epi32(sector, _mm_set1_epi32(which)); };
  const __m128i in1 = in(1), in2 = in(2), in3 = in(3), in4 = in(4), in5 = in(5);  // else 0, or 6, which is 0 again
  __m128i r = high, g = u, b = a;
  r = chosen(r, d, in1), g = chosen(g, high, in1);
  r = chosen(r, a, in2), g = chosen(g, high, in2), b = chosen(b, u, in2);
  r = chosen(r, a, in3), g = chosen(g, d, in3), b = chosen(b, high, in3);
  r = chosen(r, u, in4), g = chosen(g, a, in4), b = chosen(b, high, in4);
  g = chosen(g, a, in5), b = chosen(b, d, in5);
  stored({chosen(r, x.r, isGrey), chosen(g, x.g, isGrey), chosen(b, x.b, isGrey)}, p);
}
#endif

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

FAST inline void saturation(uint8_t *p, size_t pixels, float factor) {
  size_t i = 0;
#if defined(__x86_64__)
  for (; i + 4 <= pixels; i += 4, p += 12) saturationOfFour(p, factor);
#endif
  for (; i < pixels; i++, p += 3) {
    const int gray = luma(p);
    for (int c = 0; c < 3; c++) p[c] = mixed(gray, p[c], factor);
  }
}

// Turns the hue by `turns` of the colour circle, in steps of 1/256 as HSV bytes have them.
FAST inline void hue(uint8_t *p, size_t pixels, float turns) {
  const int shift = static_cast<uint8_t>(static_cast<int>(turns * 255.0f));
  size_t i = 0;
#if defined(__x86_64__)
  for (; i + 4 <= pixels; i += 4, p += 12) hueOfFour(p, shift);
#endif
  for (; i < pixels; i++, p += 3) {
    const int r = p[0], g = p[1], b = p[2];
    const int high = r > g ? (r > b ? r : b) : (g > b ? g : b);
    const int low = r < g ? (r < b ? r : b) : (g < b ? g : b);
    if (high == low) continue;  // grey has no hue
    const float range = static_cast<float>(high - low);
    float h = r == high ? (g - b) / range : g == high ? 2.0f + (b - r) / range : 4.0f + (r - g) / range;
    h = h / 6.0f;
    if (h < 0.0f) h += 1.0f;
    const uint8_t hueByte = static_cast<uint8_t>(static_cast<int>(h * 255.0f) + shift);
    const int saturationByte = static_cast<int>(range * 255.0f / high);
    const float position = hueByte * 6.0f / 255.0f;
    const int sector = static_cast<int>(position);
    const float part = position - sector;
    const float s = saturationByte / 255.0f;
    auto rounded = [high](float share) { return static_cast<uint8_t>(static_cast<int>(high * share + 0.5f)); };
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
