import type { Rows } from '@selfsup/engine/nearest-neighbours';
import { tf } from '@selfsup/engine/tensorflow';

import type { FeatureSplit } from './feature-set.ts';
import type { VectorKind } from './vector-config.ts';

/** Features of a split `[images, height, width, channels]` as vectors, `[images, channels]` or all values a row. */
export function featureRows(split: FeatureSplit, shape: readonly [number, number, number], kind: VectorKind): Rows {
  const [height, width, channels] = shape;
  const cells = height * width;
  const average = kind === 'average' && cells > 1;
  return {
    rows: split.images,
    width: kind === 'average' ? channels : cells * channels,
    read(start, count) {
      if (!average) return split.gather(rowsFrom(start, count));
      const means = new Float32Array(count * channels);
      const piece = Math.max(1, Math.floor(2 ** 24 / (cells * channels)));
      for (let done = 0; done < count; done += piece) {
        const here = Math.min(piece, count - done);
        const values = split.gather(rowsFrom(start + done, here));
        const mean = tf.tidy(() => tf.tensor3d(values, [here, cells, channels]).mean(1));
        means.set(mean.dataSync<'float32'>(), done * channels);
        mean.dispose();
      }
      return means;
    },
  };
}

function rowsFrom(start: number, count: number): Uint32Array {
  return Uint32Array.from({ length: count }, (_, i) => start + i);
}
