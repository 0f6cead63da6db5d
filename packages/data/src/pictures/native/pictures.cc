// Pictures in native code: JPEG in and out through libjpeg-turbo, resampling, affine maps, changes of colour. Every
// function runs to its end in the calling thread; parallel work is the business of worker threads.
#include <node_api.h>

#include <memory>
#include <string>
#include <vector>

#include "colour.h"
#include "resample.h"
#include "turbojpeg.h"

namespace {

struct Bytes {
  uint8_t *data;
  size_t length;
};

// Arguments of a call; `ok` turns false at the first that is missing or of another type.
class Arguments {
 public:
  Arguments(napi_env env, napi_callback_info info) : env_(env) {
    count_ = 24;
    napi_get_cb_info(env, info, &count_, values_, nullptr, nullptr);
  }
  double number() {
    double value = 0;
    if (next_ >= count_ || napi_get_value_double(env_, values_[next_++], &value) != napi_ok) ok = false;
    return value;
  }
  int whole() { return static_cast<int>(number()); }
  Bytes bytes() {
    Bytes result{nullptr, 0};
    void *data = nullptr;
    napi_typedarray_type type;
    if (next_ >= count_ || napi_get_typedarray_info(env_, values_[next_++], &type, &result.length, &data, nullptr,
                                                    nullptr) != napi_ok ||
        (type != napi_uint8_array && type != napi_uint8_clamped_array))
      ok = false;
    result.data = static_cast<uint8_t *>(data);
    return result;
  }
  bool ok = true;

 private:
  napi_env env_;
  napi_value values_[24];
  size_t count_, next_ = 0;
};

napi_value fail(napi_env env, const std::string &message) {
  napi_throw_error(env, nullptr, message.c_str());
  return nullptr;
}

napi_value wrongArguments(napi_env env) { return fail(env, "wrong arguments"); }

struct Codec {
  tjhandle handle;
  explicit Codec(int what) : handle(tj3Init(what)) {
    if (what == tj::Decompress) tj3Set(handle, tj::ScanLimit, 500);
  }
  ~Codec() { tj3Destroy(handle); }
};

// A fresh one for each picture: a decoder keeps tables, and after a damaged file more than that, for the next picture.
tjhandle decoder() {
  thread_local std::unique_ptr<Codec> codec;
  codec.reset(new Codec(tj::Decompress));
  return codec->handle;
}

thread_local resample::Scratch scratch;
thread_local std::vector<uint8_t> decoded;

// Whether the last call failed. Bytes between markers that belong to nothing are common in the wild and harmless; any
// other warning (a file that ends early, bad Huffman codes) means that pixels are missing.
bool failed(tjhandle handle, int status, std::string &why) {
  if (status == 0) return false;
  why = tj3GetErrorStr(handle);
  return tj3GetErrorCode(handle) != 0 || why.find("extraneous bytes") == std::string::npos;
}

// Whether a JPEG has the header of a frame. TurboJPEG takes one that ends before it for a file of tables alone.
bool hasFrame(const Bytes &jpeg) {
  size_t at = 2;
  while (at + 4 <= jpeg.length) {
    const uint8_t marker = jpeg.data[at + 1];
    if (jpeg.data[at] != 0xff || marker == 0xff || marker == 0) {
      at++;
      continue;
    }
    if (marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc) return true;
    const bool alone = marker == 0x01 || (marker >= 0xd0 && marker <= 0xd8);
    at += alone ? 2 : 2 + (static_cast<size_t>(jpeg.data[at + 2]) << 8 | jpeg.data[at + 3]);
  }
  return false;
}

bool header(tjhandle handle, const Bytes &jpeg, std::string &why) {
  if (failed(handle, tj3DecompressHeader(handle, jpeg.data, jpeg.length), why)) return false;
  why = "the JPEG ends before its picture begins";
  return hasFrame(jpeg);
}

napi_value numbers(napi_env env, const std::vector<double> &values) {
  napi_value array;
  napi_create_array_with_length(env, values.size(), &array);
  for (size_t i = 0; i < values.size(); i++) {
    napi_value value;
    napi_create_double(env, values[i], &value);
    napi_set_element(env, array, static_cast<uint32_t>(i), value);
  }
  return array;
}

// jpegHeader(jpeg) -> [width, height, colourspace, bits a sample, lossless]
napi_value JpegHeader(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  const Bytes jpeg = args.bytes();
  if (!args.ok) return wrongArguments(env);
  tjhandle handle = decoder();
  std::string why;
  if (!header(handle, jpeg, why)) return fail(env, why);
  std::vector<double> facts;
  for (int what : {tj::Width, tj::Height, tj::Colourspace, tj::Precision, tj::Lossless})
    facts.push_back(tj3Get(handle, what));
  return numbers(env, facts);
}

// jpegView(jpeg, x0, y0, x1, y1, filter, mirror, channels, outWidth, outHeight, out, offset): the box of the picture,
// resampled. Decodes no more than the box needs, at the smallest of the scales 1, 1/2, 1/4, 1/8 that is no smaller
// than the output.
napi_value JpegView(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  const Bytes jpeg = args.bytes();
  double x0 = args.number(), y0 = args.number(), x1 = args.number(), y1 = args.number();
  const int filter = args.whole(), mirror = args.whole(), channels = args.whole();
  const int outWidth = args.whole(), outHeight = args.whole();
  const Bytes out = args.bytes();
  const size_t offset = static_cast<size_t>(args.number());
  if (!args.ok || (channels != 1 && channels != 3) || outWidth < 1 || outHeight < 1 ||
      offset + static_cast<size_t>(outWidth) * outHeight * channels > out.length)
    return wrongArguments(env);
  tjhandle handle = decoder();
  std::string why;
  if (!header(handle, jpeg, why)) return fail(env, why);
  const int fullWidth = tj3Get(handle, tj::Width), fullHeight = tj3Get(handle, tj::Height);
  if (!(x0 >= 0 && y0 >= 0 && x1 > x0 && y1 > y0 && x1 <= fullWidth && y1 <= fullHeight))
    return fail(env, "the box lies outside the picture");
  int shrink = 1;
  while (shrink < 8 && (x1 - x0) / (2 * shrink) >= outWidth && (y1 - y0) / (2 * shrink) >= outHeight) shrink *= 2;
  x0 /= shrink, x1 /= shrink, y0 /= shrink, y1 /= shrink;
  const int width = (fullWidth + shrink - 1) / shrink, height = (fullHeight + shrink - 1) / shrink;
  tj3SetScalingFactor(handle, tjscalingfactor{1, shrink});

  tjregion region{0, 0, width, height};
  const int sampling = tj3Get(handle, tj::Subsampling);
  if (sampling >= 0 && sampling <= 6) {
    // One block more on each side: chroma is interpolated across the edges of blocks.
    const int block = (tj::blockWidth[sampling] + shrink - 1) / shrink;
    const int left = (static_cast<int>(x0) / block - 1) * block, right = static_cast<int>(std::ceil(x1)) + block;
    const int top = static_cast<int>(y0) - 4, bottom = static_cast<int>(std::ceil(y1)) + 4;
    region.x = left < 0 ? 0 : left;
    region.y = top < 0 ? 0 : top;
    region.w = (right > width ? width : right) - region.x;
    region.h = (bottom > height ? height : bottom) - region.y;
    if (tj3SetCroppingRegion(handle, region) != 0) return fail(env, tj3GetErrorStr(handle));
  }
  const int stride = channels == 1 ? 1 : 4;
  decoded.resize(static_cast<size_t>(region.w) * region.h * stride);
  const int format = channels == 1 ? tj::Gray : tj::Rgbx;
  if (failed(handle, tj3Decompress8(handle, jpeg.data, jpeg.length, decoded.data(), 0, format), why))
    return fail(env, why);
  resample::resize(scratch, decoded.data(), region.w, region.h, stride, region.x, region.y, x0, y0, x1, y1, outWidth,
                   outHeight, channels, filter, mirror != 0, out.data + offset);
  return nullptr;
}

// jpegDecode(jpeg, channels, shrink, out): the whole picture at 1/shrink of its size.
napi_value JpegDecode(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  const Bytes jpeg = args.bytes();
  const int channels = args.whole(), shrink = args.whole();
  const Bytes out = args.bytes();
  if (!args.ok || (channels != 1 && channels != 3)) return wrongArguments(env);
  tjhandle handle = decoder();
  std::string why;
  if (!header(handle, jpeg, why)) return fail(env, why);
  if (tj3SetScalingFactor(handle, tjscalingfactor{1, shrink}) != 0) return fail(env, tj3GetErrorStr(handle));
  const size_t width = (tj3Get(handle, tj::Width) + shrink - 1) / shrink;
  const size_t height = (tj3Get(handle, tj::Height) + shrink - 1) / shrink;
  if (width * height * channels > out.length) return wrongArguments(env);
  const int format = channels == 1 ? tj::Gray : tj::Rgb;
  if (failed(handle, tj3Decompress8(handle, jpeg.data, jpeg.length, out.data, 0, format), why)) return fail(env, why);
  return nullptr;
}

// jpegEncode(pixels, width, height, channels, quality) -> bytes
napi_value JpegEncode(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  const Bytes pixels = args.bytes();
  const int width = args.whole(), height = args.whole(), channels = args.whole(), quality = args.whole();
  if (!args.ok || (channels != 1 && channels != 3) || width < 1 || height < 1 ||
      static_cast<size_t>(width) * height * channels > pixels.length)
    return wrongArguments(env);
  thread_local Codec codec(tj::Compress);
  tj3Set(codec.handle, tj::Quality, quality);
  tj3Set(codec.handle, tj::Subsampling, channels == 1 ? tj::SGray : tj::S420);
  unsigned char *jpeg = nullptr;
  size_t length = 0;
  const int format = channels == 1 ? tj::Gray : tj::Rgb;
  if (tj3Compress8(codec.handle, pixels.data, width, 0, height, format, &jpeg, &length) != 0) {
    tj3Free(jpeg);
    return fail(env, tj3GetErrorStr(codec.handle));
  }
  napi_value buffer;
  napi_create_buffer_copy(env, length, jpeg, nullptr, &buffer);
  tj3Free(jpeg);
  return buffer;
}

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

// Between four pixels of three bytes, to three bytes, rounded towards zero. The fast way reads four bytes a pixel.
FAST inline void between(const uint8_t *p00, const uint8_t *p01, const uint8_t *p10, const uint8_t *p11,
                         const uint8_t *end, float right, float down, uint8_t *out) {
#if defined(__x86_64__)
  if (p11 + 4 <= end) {
    const auto pixelAt = [](const uint8_t *p) { return _mm_cvtepi32_ps(resample::widened(p)); };
    const __m128 r = _mm_set1_ps(right), d = _mm_set1_ps(down);
    const __m128 a = pixelAt(p00), b = pixelAt(p10);
    const __m128 above = _mm_add_ps(a, _mm_mul_ps(_mm_sub_ps(pixelAt(p01), a), r));
    const __m128 below = _mm_add_ps(b, _mm_mul_ps(_mm_sub_ps(pixelAt(p11), b), r));
    const __m128i whole = _mm_cvttps_epi32(_mm_add_ps(above, _mm_mul_ps(_mm_sub_ps(below, above), d)));
    out[0] = static_cast<uint8_t>(_mm_cvtsi128_si32(whole));
    out[1] = static_cast<uint8_t>(_mm_extract_epi32(whole, 1));
    out[2] = static_cast<uint8_t>(_mm_extract_epi32(whole, 2));
    return;
  }
#endif
  (void)end;
  for (int c = 0; c < 3; c++) {
    const float above = p00[c] + (p01[c] - p00[c]) * right;
    const float below = p10[c] + (p11[c] - p10[c]) * right;
    out[c] = static_cast<uint8_t>(above + (below - above) * down);
  }
}

FAST void affine(const uint8_t *in, int width, int height, const double *m, uint8_t fill, int outWidth, int outHeight,
                 uint8_t *out) {
  const uint8_t *end = in + static_cast<ptrdiff_t>(width) * height * 3;
  for (int y = 0; y < outHeight; y++) {
    for (int x = 0; x < outWidth; x++, out += 3) {
      const double u = m[0] * (x + 0.5) + m[1] * (y + 0.5) + m[2];
      const double v = m[3] * (x + 0.5) + m[4] * (y + 0.5) + m[5];
      if (!(u >= 0 && v >= 0 && u < width && v < height)) {
        out[0] = out[1] = out[2] = fill;
        continue;
      }
      const double fx = u - 0.5, fy = v - 0.5;
      const int left = static_cast<int>(fx + 1) - 1, top = static_cast<int>(fy + 1) - 1;
      const int x0 = left < 0 ? 0 : left, x1 = left + 1 >= width ? width - 1 : left + 1;
      const int y0 = top < 0 ? 0 : top, y1 = top + 1 >= height ? height - 1 : top + 1;
      const uint8_t *row0 = in + static_cast<ptrdiff_t>(y0) * width * 3, *row1 = in + static_cast<ptrdiff_t>(y1) * width * 3;
      between(row0 + 3 * x0, row0 + 3 * x1, row1 + 3 * x0, row1 + 3 * x1, end, static_cast<float>(fx - left),
              static_cast<float>(fy - top), out);
    }
  }
}

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
  affine(pixels.data, width, height, m, static_cast<uint8_t>(fill), outWidth, outHeight, out.data);
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
  const struct {
    const char *name;
    napi_callback call;
  } functions[] = {{"jpegHeader", JpegHeader}, {"jpegView", JpegView}, {"jpegDecode", JpegDecode},
                   {"jpegEncode", JpegEncode}, {"resize", Resize},     {"affine", Affine},
                   {"adjust", Adjust},         {"padCrop", PadCrop},   {"sums", Sums}};
  for (const auto &function : functions) {
    napi_value value;
    napi_create_function(env, function.name, NAPI_AUTO_LENGTH, function.call, nullptr, &value);
    napi_set_named_property(env, exports, function.name, value);
  }
  return exports;
}

}  // namespace

NAPI_MODULE(pictures, Init)
