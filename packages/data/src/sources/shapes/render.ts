import { deriveKey, normal, randomKey, uniform } from '@selfsup/kit/random';
import { insideFigure, outlines } from './outlines.ts';

/** What a set of shapes is made of. */
export interface ShapesSettings {
  /** Pixels a side. */
  readonly size: number;
  readonly channels: 1 | 3;
  readonly seed: number;
}

const names = Object.keys(outlines);

/** Samples a side within each pixel: edges get 16 + 1 levels. */
const samples = 4;

/** Least difference between the mean brightness of figure and ground, so that every figure can be seen. */
const leastContrast = 60;

/** The colours of figure and ground: drawn anew until they differ enough in brightness. */
function colours(draw: (i: number) => number, channels: number): { figure: number[]; ground: number[] } {
  for (let attempt = 0; ; attempt++) {
    const at = (i: number): number => 255 * draw(attempt * 6 + i);
    const figure = Array.from({ length: channels }, (_, c) => at(c));
    const ground = Array.from({ length: channels }, (_, c) => at(3 + c));
    const mean = (colour: number[]): number => colour.reduce((sum, one) => sum + one, 0) / channels;
    if (Math.abs(mean(figure) - mean(ground)) >= leastContrast) return { figure, ground };
  }
}

/** The class of image `index`: classes take turns. */
export function shapeLabel(index: number): number {
  return index % names.length;
}

/**
 * Renders one image of a shape, [size, size, channels], 0..255, a function of its arguments alone. The figure stands
 * upright but for a lean of up to 8 degrees; its place, size (45 to 80 % of the side), colours, and the slope and
 * noise of its ground vary. Edges are smoothed by 16 samples a pixel.
 */
export function renderShape(settings: ShapesSettings, split: string, index: number): Uint8Array {
  const { size, channels } = settings;
  const key = randomKey(settings.seed, 'shapes', split, index);
  const placeKey = deriveKey(key, 'place');
  const between = (low: number, high: number, counter: number): number =>
    low + (high - low) * uniform(placeKey, counter);
  const half = (size * between(0.45, 0.8, 0)) / 2;
  const room = size / 2 - half;
  const centreX = size / 2 + room * between(-1, 1, 1);
  const centreY = size / 2 + room * between(-1, 1, 2);
  const lean = (between(-8, 8, 3) * Math.PI) / 180;
  const [cos, sin] = [Math.cos(lean) / half, Math.sin(lean) / half];
  const [slopeX, slopeY] = [between(-40, 40, 4) / size, between(-40, 40, 5) / size];
  const noise = between(2, 14, 6);
  const colourKey = deriveKey(key, 'colour');
  const { figure, ground } = colours((i) => uniform(colourKey, i), channels);
  const noiseKey = deriveKey(key, 'noise');
  const parts = outlines[names[shapeLabel(index)]!]!;

  const pixels = new Uint8Array(size * size * channels);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      let hits = 0;
      const near = Math.hypot(x + 0.5 - centreX, y + 0.5 - centreY) < half * Math.SQRT2 + 1;
      for (let sample = 0; near && sample < samples * samples; sample++) {
        const dx = x + ((sample % samples) + 0.5) / samples - centreX;
        const dy = y + (Math.floor(sample / samples) + 0.5) / samples - centreY;
        const [u, v] = [cos * dx + sin * dy, cos * dy - sin * dx];
        if (Math.abs(u) <= 1 && Math.abs(v) <= 1 && insideFigure(parts, u, v)) hits++;
      }
      const cover = hits / (samples * samples);
      const shade = slopeX * (x - size / 2) + slopeY * (y - size / 2) + noise * normal(noiseKey, y * size + x);
      for (let c = 0; c < channels; c++) {
        const value = cover * figure[c]! + (1 - cover) * (ground[c]! + shade);
        pixels[(y * size + x) * channels + c] = Math.min(255, Math.max(0, Math.round(value)));
      }
    }
  }
  return pixels;
}
