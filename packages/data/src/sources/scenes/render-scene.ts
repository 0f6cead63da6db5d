import { deriveKey, integer, normal, permutation, randomKey, uniform, type RandomKey } from '@selfsup/kit/random';
import type { Box } from '../../store/annotations.ts';
import { insideFigure, outlines } from '../shapes/outlines.ts';

/** What a set of scenes is made of. */
export interface ScenesSettings {
  /** Least and greatest side in pixels. */
  readonly sides: readonly [number, number];
  /** Least and greatest number of figures in an image. */
  readonly figures: readonly [number, number];
  readonly seed: number;
}

/** A rendered image with all that is known of it. */
export interface Scene {
  readonly height: number;
  readonly width: number;
  /** [height, width, 3], 0..255. */
  readonly pixels: Uint8Array;
  /** [height, width]: 0 ground, else one more than the label of the figure, 255 along edges. */
  readonly mask: Uint8Array;
  /** Labels count from 0. A figure that others hide by more than half is difficult. */
  readonly boxes: readonly Box[];
}

/** The figures that scenes show, a class each. */
export const sceneClasses: readonly string[] = Object.keys(outlines).slice(0, 5);

/** Samples a side within each pixel: where they differ, the mask is void. */
const SAMPLES = 3;
const VOID = 255;

interface Figure {
  readonly label: number;
  readonly x: number;
  readonly y: number;
  readonly half: number;
  readonly colour: readonly number[];
}

/** Each class has a colour of its own, from which figures differ a little: small networks learn it soon. */
function colourOf(label: number, key: RandomKey): number[] {
  const turn = (2 * Math.PI * label) / sceneClasses.length;
  return [0, 1, 2].map(
    (channel) => 128 + 90 * Math.cos(turn - (2 * Math.PI * channel) / 3) + 12 * normal(key, channel),
  );
}

/** Renders one scene, a function of its arguments alone. */
export function renderScene(settings: ScenesSettings, split: string, index: number): Scene {
  const key = randomKey(settings.seed, 'scenes', split, index);
  const between = ([low, high]: readonly [number, number], purpose: string): number =>
    low + integer(deriveKey(key, purpose), high - low + 1);
  const [height, width] = [between(settings.sides, 'height'), between(settings.sides, 'width')];
  const shorter = Math.min(height, width);
  const labels = permutation(deriveKey(key, 'labels'), sceneClasses.length);
  const count = between(settings.figures, 'figures');
  const figures = Array.from({ length: count }, (_, i): Figure => {
    const own = deriveKey(key, 'figure', i);
    const half = (shorter * (0.45 + 0.35 * uniform(own, 0))) / 2;
    const along = (length: number, draw: number): number => half + (length - 2 * half) * uniform(own, draw);
    // The first ones in turn, so that no class is rare.
    const label = i === 0 ? index % sceneClasses.length : labels[i % labels.length]!;
    return { label, half, x: along(width, 1), y: along(height, 2), colour: colourOf(label, deriveKey(own, 'colour')) };
  });
  const ground = 90 + 70 * uniform(deriveKey(key, 'ground'));
  const noise = deriveKey(key, 'noise');
  const pixels = new Uint8Array(height * width * 3);
  const mask = new Uint8Array(height * width);
  const [whole, seen] = [new Float64Array(count), new Float64Array(count)];
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const tops = new Int8Array(SAMPLES ** 2).fill(-1);
      for (let sample = 0; sample < tops.length; sample++) {
        const at = (place: number): number => (place + 0.5) / SAMPLES;
        const [px, py] = [x + at(sample % SAMPLES), y + at(Math.floor(sample / SAMPLES))];
        figures.forEach(({ x: cx, y: cy, half, label }, i) => {
          const [u, v] = [(px - cx) / half, (py - cy) / half];
          if (Math.abs(u) > 1 || Math.abs(v) > 1) return;
          if (!insideFigure(outlines[sceneClasses[label]!]!, u, v)) return;
          whole[i]!++;
          tops[sample] = i;
        });
        if (tops[sample]! >= 0) seen[tops[sample]!]!++;
      }
      const place = y * width + x;
      const same = tops.every((top) => top === tops[0]);
      mask[place] = same ? (tops[0]! < 0 ? 0 : figures[tops[0]!]!.label + 1) : VOID;
      for (let channel = 0; channel < 3; channel++) {
        const colours = Array.from(tops, (top) => (top < 0 ? ground : figures[top]!.colour[channel]!));
        const value = colours.reduce((sum, one) => sum + one, 0) / tops.length + 6 * normal(noise, 3 * place + channel);
        pixels[3 * place + channel] = Math.min(255, Math.max(0, Math.round(value)));
      }
    }
  const boxes = figures.map(({ label, x, y, half }, i): Box => {
    const [left, top] = [Math.max(0, Math.floor(x - half)), Math.max(0, Math.floor(y - half))];
    const [right, bottom] = [Math.min(width, Math.ceil(x + half)), Math.min(height, Math.ceil(y + half))];
    return { label, left, top, right, bottom, difficult: seen[i]! < whole[i]! / 2, truncated: false };
  });
  return { height, width, pixels, mask, boxes };
}
