import { encode } from 'fast-png';

/**
 * A PNG file of 8-bit pixels, uncropped and unscaled.
 * `pixels`: `[height, width, channels]`, 0..255, `channels` 1 (grey) or 3 (RGB).
 */
export function encodePng(pixels: Uint8Array, height: number, width: number, channels: 1 | 3): Uint8Array {
  if (pixels.length !== height * width * channels)
    throw new RangeError(`${pixels.length} bytes are not ${height} × ${width} × ${channels} pixels`);
  return encode({ data: pixels, height, width, channels, depth: 8 }, { zlib: { level: 9 } });
}
