import type { ImageShape } from '@selfsup/models/network';
import { element } from './element.ts';

/** Colours `[height, width, 3]` of pixels `[height, width, 1 or 3]` of 0..255. */
export function colours(pixels: ArrayLike<number>, { height, width, channels }: ImageShape): Uint8Array {
  return Uint8Array.from({ length: height * width * 3 }, (_, i) =>
    Math.round(pixels[Math.floor(i / 3) * channels + (channels === 3 ? i % 3 : 0)]!),
  );
}

/** A canvas that is seen as a picture: `label` says what it shows. */
export function picture(label: string): HTMLCanvasElement {
  return element('canvas', { role: 'img', 'aria-label': label, width: 1, height: 1 });
}

/** Draws colours `[height, width, 3]`, a pixel of the canvas each; its size on the page is the style sheet's matter. */
export function draw(canvas: HTMLCanvasElement, rgb: Uint8Array, width: number): void {
  const height = rgb.length / 3 / width;
  canvas.width = width;
  canvas.height = height;
  const data = new Uint8ClampedArray(height * width * 4).fill(255);
  for (let i = 0; i < height * width; i++) data.set(rgb.subarray(3 * i, 3 * i + 3), 4 * i);
  canvas.getContext('2d')!.putImageData(new ImageData(data, width, height), 0, 0);
}
