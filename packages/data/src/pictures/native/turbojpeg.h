// The part of libjpeg-turbo's TurboJPEG 3 API that we call. The library comes without its header: these are its public
// names and numbers, as its documentation gives them.
#pragma once
#include <cstddef>

extern "C" {
typedef void *tjhandle;
struct tjscalingfactor {
  int num, denom;
};
struct tjregion {
  int x, y, w, h;
};
tjhandle tj3Init(int what);
void tj3Destroy(tjhandle handle);
char *tj3GetErrorStr(tjhandle handle);
int tj3GetErrorCode(tjhandle handle);
int tj3Set(tjhandle handle, int parameter, int value);
int tj3Get(tjhandle handle, int parameter);
void tj3Free(void *buffer);
int tj3DecompressHeader(tjhandle handle, const unsigned char *jpeg, size_t bytes);
int tj3SetScalingFactor(tjhandle handle, tjscalingfactor factor);
int tj3SetCroppingRegion(tjhandle handle, tjregion region);
int tj3Decompress8(tjhandle handle, const unsigned char *jpeg, size_t bytes, unsigned char *pixels, int pitch, int format);
int tj3Compress8(tjhandle handle, const unsigned char *pixels, int width, int pitch, int height, int format,
                 unsigned char **jpeg, size_t *bytes);
}

namespace tj {
enum Init { Compress = 0, Decompress = 1 };
enum Parameter {
  Quality = 3,
  Subsampling = 4,
  Width = 5,
  Height = 6,
  Precision = 7,
  Colourspace = 8,
  Progressive = 12,
  ScanLimit = 13,
  Lossless = 15
};
enum Format { Rgb = 0, Rgbx = 2, Gray = 6 };
enum Sampling { S444 = 0, S420 = 2, SGray = 3 };
// Width of a block of the coded image that must be decoded as a whole, by subsampling.
const int blockWidth[] = {8, 16, 16, 8, 8, 32, 8};
}  // namespace tj
