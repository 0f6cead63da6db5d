// Separable resampling with antialiasing in 22-bit fixed point: integers only, so that every machine gives the same
// bits. The filters, and the rounding to bytes between the two passes, are those of Pillow's Image.resize.
#pragma once
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#if defined(__x86_64__)
#include <immintrin.h>
// Every processor that TensorFlow runs on has it.
#define FAST __attribute__((target("sse4.1")))
#else
#define FAST
#endif

namespace resample {

enum Filter { Bilinear = 0, Bicubic = 1 };
const int bits = 22;
const int half = 1 << (bits - 1);

inline double support(int filter) { return filter == Bicubic ? 2.0 : 1.0; }

inline double weight(int filter, double x) {
  x = std::fabs(x);
  if (filter == Bilinear) return x < 1.0 ? 1.0 - x : 0.0;
  const double a = -0.5;
  if (x < 1.0) return ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0;
  if (x < 2.0) return (((x - 5.0) * x + 8.0) * x - 4.0) * a;
  return 0.0;
}

// For each of `count` outputs: the first input it takes, how many, and their weights.
struct Taps {
  int width;
  std::vector<int> first, number;
  std::vector<int32_t> weights;
};

// Outputs that cover [from, to) of an axis; inputs outside [low, high) do not exist.
inline void taps(Taps &result, int filter, double from, double to, int low, int high, int count) {
  const double scale = (to - from) / count;
  const double stretch = scale < 1.0 ? 1.0 : scale;
  const double reach = support(filter) * stretch;
  result.width = static_cast<int>(std::ceil(reach)) * 2 + 1;
  result.first.assign(count, 0);
  result.number.assign(count, 0);
  result.weights.assign(static_cast<size_t>(count) * result.width, 0);
  std::vector<double> exact(result.width);
  for (int i = 0; i < count; i++) {
    const double centre = from + (i + 0.5) * scale;
    int first = static_cast<int>(centre - reach + 0.5);
    int end = static_cast<int>(centre + reach + 0.5);
    if (first < low) first = low;
    if (end > high) end = high;
    const int number = end - first;
    double sum = 0.0;
    for (int k = 0; k < number; k++) {
      exact[k] = weight(filter, (k + first - centre + 0.5) / stretch);
      sum += exact[k];
    }
    int32_t *to_weights = &result.weights[static_cast<size_t>(i) * result.width];
    for (int k = 0; k < number; k++) {
      const double share = (sum == 0.0 ? 0.0 : exact[k] / sum) * (1 << bits);
      to_weights[k] = static_cast<int32_t>(share < 0 ? share - 0.5 : share + 0.5);
    }
    result.first[i] = first;
    result.number[i] = number;
  }
}

inline uint8_t byte(int32_t sum) {
  const int32_t value = sum >> bits;
  return value < 0 ? 0 : value > 255 ? 255 : static_cast<uint8_t>(value);
}

#if defined(__x86_64__)
// Four sums to four bytes, clamped.
FAST inline __m128i bytes(__m128i sum) {
  const __m128i words = _mm_packus_epi32(_mm_srai_epi32(sum, bits), _mm_setzero_si128());
  return _mm_packus_epi16(words, _mm_setzero_si128());
}

FAST inline __m128i widened(const uint8_t *four) {
  int32_t packed;
  std::memcpy(&packed, four, 4);
  return _mm_cvtepu8_epi32(_mm_cvtsi32_si128(packed));
}
#endif

// One row of pixels of `stride` bytes (3 or 4) to `count` pixels of four bytes. Reads four bytes a pixel, so one byte
// past the last pixel of three must be there.
FAST inline void horizontal(const uint8_t *row, int stride, const Taps &t, int origin, int count, uint8_t *out) {
  for (int i = 0; i < count; i++) {
    const int32_t *weights = &t.weights[static_cast<size_t>(i) * t.width];
    const uint8_t *in = row + static_cast<ptrdiff_t>(t.first[i] - origin) * stride;
    const int number = t.number[i];
#if defined(__x86_64__)
    __m128i sum = _mm_set1_epi32(half);
    for (int k = 0; k < number; k++, in += stride)
      sum = _mm_add_epi32(sum, _mm_mullo_epi32(widened(in), _mm_set1_epi32(weights[k])));
    const int32_t pixel = _mm_cvtsi128_si32(bytes(sum));
    std::memcpy(out + 4 * i, &pixel, 4);
#else
    int32_t sum[4] = {half, half, half, half};
    for (int k = 0; k < number; k++, in += stride)
      for (int c = 0; c < 4; c++) sum[c] += in[c] * weights[k];
    for (int c = 0; c < 4; c++) out[4 * i + c] = byte(sum[c]);
#endif
  }
}

#if defined(__x86_64__)
// Two rows at once, where the processor can: the same sums.
__attribute__((target("avx2"))) inline void horizontalTwice(const uint8_t *row, const uint8_t *next, int stride,
                                                            const Taps &t, int origin, int count, uint8_t *out,
                                                            uint8_t *nextOut) {
  for (int i = 0; i < count; i++) {
    const int32_t *weights = &t.weights[static_cast<size_t>(i) * t.width];
    const ptrdiff_t from = static_cast<ptrdiff_t>(t.first[i] - origin) * stride;
    const uint8_t *in = row + from, *other = next + from;
    const int number = t.number[i];
    __m256i sum = _mm256_set1_epi32(half);
    for (int k = 0; k < number; k++, in += stride, other += stride) {
      int32_t a, b;
      std::memcpy(&a, in, 4);
      std::memcpy(&b, other, 4);
      const __m256i pixels = _mm256_cvtepu8_epi32(_mm_insert_epi32(_mm_cvtsi32_si128(a), b, 1));
      sum = _mm256_add_epi32(sum, _mm256_mullo_epi32(pixels, _mm256_set1_epi32(weights[k])));
    }
    sum = _mm256_srai_epi32(sum, bits);
    const __m256i words = _mm256_packus_epi32(sum, sum);
    const __m256i bytes = _mm256_packus_epi16(words, words);
    const int32_t pixel = _mm256_extract_epi32(bytes, 0), nextPixel = _mm256_extract_epi32(bytes, 4);
    std::memcpy(out + 4 * i, &pixel, 4);
    std::memcpy(nextOut + 4 * i, &nextPixel, 4);
  }
}
#endif

inline void horizontalGray(const uint8_t *row, const Taps &t, int origin, int count, uint8_t *out) {
  for (int i = 0; i < count; i++) {
    const int32_t *weights = &t.weights[static_cast<size_t>(i) * t.width];
    const uint8_t *in = row + (t.first[i] - origin);
    int32_t sum = half;
    for (int k = 0; k < t.number[i]; k++) sum += in[k] * weights[k];
    out[i] = byte(sum);
  }
}

// `number` rows of `length` bytes, each times its weight, to one row. Rows are read and written up to the next multiple
// of eight.
FAST inline void vertical(const uint8_t *rows, ptrdiff_t pitch, const int32_t *weights, int number, int length,
                          uint8_t *out) {
  for (int x = 0; x < length; x += 8) {
    const uint8_t *in = rows + x;
#if defined(__x86_64__)
    __m128i low = _mm_set1_epi32(half), high = low;
    for (int k = 0; k < number; k++, in += pitch) {
      const __m128i weight = _mm_set1_epi32(weights[k]);
      low = _mm_add_epi32(low, _mm_mullo_epi32(widened(in), weight));
      high = _mm_add_epi32(high, _mm_mullo_epi32(widened(in + 4), weight));
    }
    _mm_storel_epi64(reinterpret_cast<__m128i *>(out + x), _mm_unpacklo_epi32(bytes(low), bytes(high)));
#else
    int32_t sum[8] = {half, half, half, half, half, half, half, half};
    for (int k = 0; k < number; k++, in += pitch)
      for (int i = 0; i < 8; i++) sum[i] += in[i] * weights[k];
    for (int i = 0; i < 8; i++) out[x + i] = byte(sum[i]);
#endif
  }
}

// `count` pixels of four bytes to pixels of three, in order or mirrored.
inline void packed(const uint8_t *in, int count, bool mirror, uint8_t *out) {
  const ptrdiff_t step = mirror ? -4 : 4;
  if (mirror) in += 4 * (count - 1);
  for (int x = 0; x < count; x++, in += step, out += 3) {
    out[0] = in[0];
    out[1] = in[1];
    out[2] = in[2];
  }
}

struct Scratch {
  Taps across, down;
  std::vector<uint8_t> rows, line;
};

// Resamples the box [x0, x1) x [y0, y1) of `source` (pixels of `stride` bytes whose first is that at `left`, `top` of
// the box's coordinates; `width` x `height` of them) to `outWidth` x `outHeight` pixels of `channels` bytes. Pixels
// outside the box are not looked at. `mirror` swaps left and right.
inline void resize(Scratch &s, const uint8_t *source, int width, int height, int stride, int left, int top, double x0,
                   double y0, double x1, double y1, int outWidth, int outHeight, int channels, int filter, bool mirror,
                   uint8_t *out) {
  auto within = [](double value, int low, int high) {
    const int whole = static_cast<int>(value);
    return whole < low ? low : whole > high ? high : whole;
  };
  const int lowX = within(std::floor(x0), left, left + width), highX = within(std::ceil(x1), left, left + width);
  const int lowY = within(std::floor(y0), top, top + height), highY = within(std::ceil(y1), top, top + height);
  taps(s.across, filter, x0, x1, lowX, highX, outWidth);
  taps(s.down, filter, y0, y1, lowY, highY, outHeight);
  const int firstRow = s.down.first[0];
  const int endRow = s.down.first[outHeight - 1] + s.down.number[outHeight - 1];
  const int lanes = stride == 1 ? 1 : 4;
  const ptrdiff_t pitch = static_cast<ptrdiff_t>(outWidth) * lanes;
  s.rows.resize(static_cast<size_t>(endRow - firstRow) * pitch + 8);
  std::vector<uint8_t> last;
  for (int y = firstRow; y < endRow; y++) {
    const uint8_t *row = source + static_cast<ptrdiff_t>(y - top) * width * stride;
    uint8_t *to = s.rows.data() + (y - firstRow) * pitch;
#if defined(__x86_64__)
    static const bool hasTwice = __builtin_cpu_supports("avx2");
    if (hasTwice && stride != 1 && y + 1 < endRow && y + 1 - top < height - 1) {
      horizontalTwice(row, row + static_cast<ptrdiff_t>(width) * stride, stride, s.across, left, outWidth, to, to + pitch);
      y++;
      continue;
    }
#endif
    if (stride == 3 && y - top == height - 1) {  // the last row has no byte after it
      last.assign(row, row + static_cast<size_t>(width) * 3);
      last.push_back(0);
      row = last.data();
    }
    if (stride == 1) horizontalGray(row, s.across, left, outWidth, to);
    else horizontal(row, stride, s.across, left, outWidth, to);
  }
  s.line.resize(pitch + 8);
  for (int y = 0; y < outHeight; y++) {
    const uint8_t *rows = s.rows.data() + (s.down.first[y] - firstRow) * pitch;
    const int32_t *weights = &s.down.weights[static_cast<size_t>(y) * s.down.width];
    vertical(rows, pitch, weights, s.down.number[y], static_cast<int>(pitch), s.line.data());
    uint8_t *to = out + static_cast<ptrdiff_t>(y) * outWidth * channels;
    if (lanes == 4) {
      packed(s.line.data(), outWidth, mirror, to);
    } else {
      for (int x = 0; x < outWidth; x++) to[x] = s.line[mirror ? outWidth - 1 - x : x];
    }
  }
}

}  // namespace resample
