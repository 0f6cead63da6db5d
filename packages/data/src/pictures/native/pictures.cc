// Pictures in native code: JPEG in and out, resampling, affine maps, changes of colour. Every function runs to its end in
// the calling thread; parallel work is the business of worker threads.
#include "affine.h"
#include "colour.h"
#include "jpeg.h"

namespace {

// resize(pixels, width, height, channels, x0, y0, x1, y1, filter, mirror, outWidth, outHeight, out, offset)
napi_value Resize(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  const Bytes pixels = args.bytes();
  const int width = args.whole(), height = args.whole(), channels = args.whole();
  const double x0 = args.number(), y0 = args.number(), x1 = args.number(), y1 = args.number();
  const int filter = args.whole(), mirror = args.whole(), outWidth = args.whole(), outHeight = args.whole();
  const Bytes out = args.bytes();
  const size_t offset = static_cast<size_t>(args.number());
  if (!args.ok || (channels != 1 && channels != 3) || width < 1 || height < 1 || outWidth < 1 || outHeight < 1 ||
      static_cast<size_t>(width) * height * channels > pixels.length ||
      offset + static_cast<size_t>(outWidth) * outHeight * channels > out.length)
    return wrongArguments(env);
  if (!(x0 >= 0 && y0 >= 0 && x1 > x0 && y1 > y0 && x1 <= width && y1 <= height))
    return fail(env, "the box lies outside the picture");
  resample::resize(scratch, pixels.data, width, height, channels, 0, 0, x0, y0, x1, y1, outWidth, outHeight, channels,
                   filter, mirror != 0, out.data + offset);
  return nullptr;
}

// affine(pixels, width, height, channels, a, b, c, d, e, f, fill, outWidth, outHeight, out): output pixel (x, y) shows
// the input at (a x + b y + c, d x + e y + f), both counted in centres of pixels, bilinear; `fill` outside.
napi_value Affine(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  const Bytes pixels = args.bytes();
  const int width = args.whole(), height = args.whole(), channels = args.whole();
  double m[6];
  for (double &value : m) value = args.number();
  const int fill = args.whole(), outWidth = args.whole(), outHeight = args.whole();
  const Bytes out = args.bytes();
  if (!args.ok || width < 1 || height < 1 || outWidth < 1 || outHeight < 1 || channels != 3 ||
      static_cast<size_t>(width) * height * 3 > pixels.length ||
      static_cast<size_t>(outWidth) * outHeight * 3 > out.length)
    return wrongArguments(env);
  affine::warp(pixels.data, width, height, m, static_cast<uint8_t>(fill), outWidth, outHeight, out.data);
  return nullptr;
}

// adjust(pixels, offset, pixel count, what, amount): RGB in place. 0 brightness, 1 contrast, 2 saturation, 3 hue, 4 grey
napi_value Adjust(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  const Bytes pixels = args.bytes();
  const size_t offset = static_cast<size_t>(args.number()), count = static_cast<size_t>(args.number());
  const int what = args.whole();
  const float amount = static_cast<float>(args.number());
  if (!args.ok || count < 1 || offset + 3 * count > pixels.length) return wrongArguments(env);
  uint8_t *p = pixels.data + offset;
  switch (what) {
    case 0: colour::brightness(p, count, amount); break;
    case 1: colour::contrast(p, count, amount); break;
    case 2: colour::saturation(p, count, amount); break;
    case 3: colour::hue(p, count, amount); break;
    case 4: colour::grey(p, count); break;
    default: return wrongArguments(env);
  }
  return nullptr;
}

// padCrop(images, count, height, width, channels, pad, draws, target): for each image [height, width, channels] cuts its
// own size out of its zero-padded self, from (draws[3 i], draws[3 i + 1]) down and right, mirrored where draws[3 i + 2].
napi_value PadCrop(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  const Bytes images = args.bytes();
  const int count = args.whole(), height = args.whole(), width = args.whole(), channels = args.whole();
  const int pad = args.whole();
  const Bytes draws = args.bytes(), target = args.bytes();
  const size_t bytes = static_cast<size_t>(height) * width * channels;
  if (!args.ok || count < 0 || pad < 0 || pad > 127 || draws.length < 3 * static_cast<size_t>(count) ||
      images.length < count * bytes || target.length < count * bytes)
    return wrongArguments(env);
  for (int i = 0; i < count; i++) {
    const uint8_t *from = images.data + i * bytes, *draw = draws.data + 3 * i;
    uint8_t *to = target.data + i * bytes;
    const int down = draw[0] - pad, right = draw[1] - pad;  // row y shows row y + down
    const int first = right < 0 ? -right : 0, end = right > 0 ? width - right : width;
    for (int y = 0; y < height; y++, to += width * channels) {
      if (pad > 0) std::memset(to, 0, static_cast<size_t>(width) * channels);
      if (y + down < 0 || y + down >= height || end <= first) continue;
      const uint8_t *row = from + (static_cast<ptrdiff_t>(y + down) * width + first + right) * channels;
      if (!draw[2]) {
        std::memcpy(to + first * channels, row, static_cast<size_t>(end - first) * channels);
        continue;
      }
      uint8_t *pixel = to + (width - 1 - first) * channels;
      for (int x = first; x < end; x++, pixel -= channels)
        for (int c = 0; c < channels; c++) pixel[c] = *row++;
    }
  }
  return nullptr;
}

// sums(pixels, channels) -> [sum of each channel…, sum of squares of each channel…]
napi_value Sums(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  const Bytes pixels = args.bytes();
  const int channels = args.whole();
  if (!args.ok || channels < 1 || channels > 4) return wrongArguments(env);
  uint64_t sum[4] = {0, 0, 0, 0}, square[4] = {0, 0, 0, 0};
  // Lanes of 48 bytes, which begin with the first channel for 1, 2, 3 and 4 channels alike; emptied before they overflow.
  const int lanes = 48;
  const size_t length = pixels.length - pixels.length % channels;
  for (size_t at = 0; at < length;) {
    uint32_t sums[lanes] = {}, squares[lanes] = {};
    const size_t end = length - at > 60000 * lanes ? at + 60000 * lanes : length;
    for (; at + lanes <= end; at += lanes) {
      const uint8_t *p = pixels.data + at;
      for (int i = 0; i < lanes; i++) {
        const uint32_t value = p[i];
        sums[i] += value;
        squares[i] += value * value;
      }
    }
    for (int i = 0; at < end && end == length; at++, i++) {
      const uint32_t value = pixels.data[at];
      sums[i] += value;
      squares[i] += value * value;
    }
    for (int i = 0; i < lanes; i++) {
      sum[i % channels] += sums[i];
      square[i % channels] += squares[i];
    }
  }
  std::vector<double> all;
  for (int c = 0; c < channels; c++) all.push_back(static_cast<double>(sum[c]));
  for (int c = 0; c < channels; c++) all.push_back(static_cast<double>(square[c]));
  return numbers(env, all);
}

napi_value Init(napi_env env, napi_value exports) {
  return exported(env, exports,
                  {{"jpegHeader", JpegHeader}, {"jpegView", JpegView}, {"jpegDecode", JpegDecode},
                   {"jpegEncode", JpegEncode}, {"resize", Resize},     {"affine", Affine},
                   {"adjust", Adjust},         {"padCrop", PadCrop},   {"sums", Sums}});
}

}  // namespace

NAPI_MODULE(pictures, Init)
