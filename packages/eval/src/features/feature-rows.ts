import { compiledStep } from '@selfsup/engine/compiled-step';
import { tf } from '@selfsup/engine/tensorflow';
import type { RowSource } from '@selfsup/numerics/row-source';
import type { FeatureShape } from '../heads/head-source.ts';
import type { FeatureSplit } from './feature-set.ts';
import { poolFeatures } from './pool-features.ts';
import type { Pooling } from './pooling-config.ts';

/**
 * Features of a split `[images, height, width, channels]`, pooled, as vectors: one row for each image. Throws `UserError`
 * for pooling that does not fit the map.
 */
export function featureRows(
  split: FeatureSplit,
  shape: FeatureShape,
  pooling: Pooling,
): RowSource & { read(start: number, count: number): Float32Array } {
  const values = shape.reduce((a, b) => a * b, 1);
  const input = tf.input({ shape: [...shape] });
  const output = poolFeatures(pooling, 'pool', input);
  const width = output.shape.slice(1).reduce<number>((a, b) => a * (b as number), 1);
  if (output === input) return { rows: split.images, width, read: (start, count) => split.gather(range(start, count)) };
  const model = tf.model({ inputs: input, outputs: output });
  return {
    rows: split.images,
    width,
    read(start, count) {
      const pooled = new Float32Array(count * width);
      const piece = Math.max(1, Math.floor(2 ** 24 / values));
      for (let done = 0; done < count; done += piece) {
        const here = Math.min(piece, count - done);
        const maps = split.gather(range(start + done, here));
        const rows = compiledStep(() =>
          tf.tidy(() => model.predictOnBatch(tf.tensor4d(maps, [here, ...shape])) as tf.Tensor),
        );
        pooled.set(rows.dataSync<'float32'>(), done * width);
        rows.dispose();
      }
      return pooled;
    },
  };
}

function range(start: number, count: number): Uint32Array {
  return Uint32Array.from({ length: count }, (_, i) => start + i);
}
