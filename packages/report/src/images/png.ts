import { encode } from 'fast-png';

/**
 * A PNG file of 8-bit pixels, uncropped and unscaled.
 * `pixels`: `[height, width, channels]`, 0..255, `channels` 1 (grey), 3 (RGB) or 4 (RGB and opacity).
 * Throws `RangeError` for another number of bytes.
 */
export function encodePng(pixels: Uint8Array, height: number, width: number, channels: 1 | 3 | 4): Uint8Array {
  if (pixels.length !== height * width * channels)
    throw new RangeError(`${pixels.length} bytes are not ${height} × ${width} × ${channels} pixels`);
  return encode({ data: pixels, height, width, channels, depth: 8 }, { zlib: { level: 9 } });
}
