import { encodePng } from './png.ts';

/** Kernels of a layer: `[count, height, width, channels]`, grey or RGB, and their pixels 0..255 in base64. */
interface Kernels {
  readonly layer: string;
  readonly shape: readonly [count: number, height: number, width: number, channels: 1 | 3];
  readonly pixels: string;
}

/** Kernels in rows with lines of grey between them, as pixels. */
export interface FilterGrid {
  /** `[height, width, channels]`, 0..255. */
  readonly pixels: Uint8Array;
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3;
}

/** The kernels of a first layer in a grid. Throws `RangeError` where shape and pixels differ. */
export function filterGrid({ layer, shape, pixels: base64 }: Kernels): FilterGrid {
  const [count, height, width, channels] = shape;
  const pixels = Buffer.from(base64, 'base64');
  if (pixels.length !== count * height * width * channels)
    throw new RangeError(`filters of ${layer}: shape and pixels differ`);
  const columns = columnsFor(count);
  const gridWidth = columns * (width + 1) - 1;
  const gridHeight = Math.ceil(count / columns) * (height + 1) - 1;
  const grid = new Uint8Array(gridHeight * gridWidth * channels).fill(128);
  for (let i = 0; i < count; i++) {
    const [top, left] = [Math.floor(i / columns) * (height + 1), (i % columns) * (width + 1)];
    for (let y = 0; y < height; y++) {
      const start = (i * height + y) * width * channels;
      grid.set(pixels.subarray(start, start + width * channels), ((top + y) * gridWidth + left) * channels);
    }
  }
  return { pixels: grid, height: gridHeight, width: gridWidth, channels };
}

/** A grid as PNG, each pixel `scale` × `scale`. */
export function gridPng({ pixels, height, width, channels }: FilterGrid, scale = 1): Uint8Array {
  const large = new Uint8Array(pixels.length * scale * scale);
  for (let y = 0; y < height * scale; y++)
    for (let x = 0; x < width * scale; x++)
      for (let c = 0; c < channels; c++)
        large[(y * width * scale + x) * channels + c] = pixels[
          (Math.floor(y / scale) * width + Math.floor(x / scale)) * channels + c
        ] as number;
  return encodePng(large, height * scale, width * scale, channels);
}

/** A number of columns that leaves no gap in the last row where one exists between a square and a 4:1 grid. */
function columnsFor(count: number): number {
  const square = Math.ceil(Math.sqrt(count));
  for (let columns = square; columns <= 2 * square; columns++) if (count % columns === 0) return columns;
  return Math.min(count, Math.ceil(square * 1.4));
}
