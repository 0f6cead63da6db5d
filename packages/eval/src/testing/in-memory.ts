import type { Dataset } from '@selfsup/data/dataset';
import type { Phase, Progress } from '@selfsup/kit/progress';
import { normal, randomKey } from '@selfsup/kit/random';
import type { FeatureSplit } from '../features/feature-set.ts';

const phase: Phase = { advance: () => void 0, done: () => void 0 };

/** A progress that says nothing. */
export const silent: Progress = { phase: () => phase, note: () => void 0, warn: () => void 0 };

/** A signal that never fires. */
export const never = new AbortController().signal;

/** Standard normal numbers, a function of the name. */
export function normals(name: string, count: number): Float32Array {
  const key = randomKey(7, 'test', name);
  return Float32Array.from({ length: count }, (_, i) => normal(key, i));
}

/** Features in memory. */
export function splitOf(values: Float32Array, labels: Int32Array): FeatureSplit {
  const size = values.length / labels.length;
  return {
    images: labels.length,
    labels,
    gather(rows) {
      const out = new Float32Array(rows.length * size);
      for (let i = 0; i < rows.length; i++) {
        const row = rows[i] as number;
        out.set(values.subarray(row * size, (row + 1) * size), i * size);
      }
      return out;
    },
  };
}

/** A dataset in memory of random images, one split, two classes. */
export function randomDataset(split: string, count: number, side: number): Dataset {
  const bytes = side * side * 3;
  const pixels = Uint8Array.from(normals(`pixels ${split}`, count * bytes), (value) => Math.abs(value * 997) % 256);
  const labels = Int32Array.from({ length: count }, (_, i) => i % 2);
  const image = (_: string, i: number): Uint8Array => pixels.slice(i * bytes, (i + 1) * bytes);
  return {
    folder: '',
    manifest: {
      schema: 2,
      name: 'random',
      source: { type: 'test', config: {}, chosen: 'test', fallback: false },
      image: { height: side, width: side, channels: 3, encoding: 'raw' },
      classes: ['even', 'odd'],
      splits: { [split]: { count, classCounts: [count / 2, count / 2] } },
      sizes: {
        height: { least: side, mean: side, greatest: side },
        width: { least: side, mean: side, greatest: side },
        bytes: count * bytes,
      },
      statistics: { mean: [128, 128, 128], std: [64, 64, 64] },
      digest: 'd',
      quarantine: [],
    },
    count: () => count,
    labels: () => labels,
    image,
    readInto: (_, i, target, offset) => target.set(image(split, i), offset),
    sourcePath: (_, i) => String(i),
    annotations: () => ({}),
    mask: () => undefined,
    hasMask: () => false,
    picture: (_, i) => ({ pixels: image(split, i), height: side, width: side, channels: 3 }),
    withJpeg: () => {
      throw new Error('Stored raw.');
    },
    close: () => Promise.resolve(),
  };
}
