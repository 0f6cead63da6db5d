// JPEG in and out through libjpeg-turbo, with the arguments of JavaScript.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "../../native/arguments.h"
#include "resample.h"
#include "turbojpeg.h"

namespace {

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

}  // namespace
