import type { Tensor, Tensor2D, Tensor3D } from '@tensorflow/tfjs-node-gpu';
import { tf } from './ops/library.ts';

/** Below any score: of slots that hold no centroid, and of the second best where there is only one. */
export const noScore = -3e38;

/** Up to this many centroids, the best two are looked for in one go. */
const flatSearch = 64;

/**
 * Centroids on the device, in the form in which rows are compared with them. The score of a centroid c for a row x
 * is x·c − ½‖c‖²; the greatest score belongs to the nearest centroid, since ‖x − c‖² = ‖x‖² − 2·score.
 */
export interface DeviceCentroids {
  /** `[groups · groupSize, width + 1]`: a centroid and −½‖c‖² a row; slots over hold `noScore`. */
  readonly matrix: Tensor2D;
  readonly count: number;
  readonly groupSize: number;
  dispose(): void;
}

/** Puts the centroids of these clusters (all, where undefined) on the device; `centroids` is `[k, width]`. */
export function deviceCentroids(centroids: Float32Array, width: number, clusters?: Int32Array): DeviceCentroids {
  const count = clusters?.length ?? centroids.length / width;
  // Scores are searched by groups of about √count: the maximum of each is fast, a search of the best two is not.
  const groupSize = count <= flatSearch ? count : Math.ceil(Math.sqrt(count));
  const slots = Math.ceil(count / groupSize) * groupSize;
  const values = new Float32Array(slots * (width + 1));
  for (let slot = 0; slot < slots; slot++) {
    const cluster = clusters === undefined ? slot : clusters[slot]!;
    const at = slot * (width + 1);
    if (slot >= count) {
      values[at + width] = noScore;
      continue;
    }
    let squares = 0;
    for (let i = 0; i < width; i++) {
      const value = centroids[cluster * width + i]!;
      values[at + i] = value;
      squares += value * value;
    }
    values[at + width] = -squares / 2;
  }
  const matrix = tf.tensor2d(values, [slots, width + 1]);
  return { matrix, count, groupSize, dispose: () => matrix.dispose() };
}

/** Rows `[count, width]` on the device with a column of ones, `[count, width + 1]`, that the constant of a score meets. */
export function deviceRows(values: Float32Array, width: number): Tensor2D {
  return tf.tidy(() => {
    const count = values.length / width;
    return tf.concat2d([tf.tensor2d(values, [count, width]), tf.ones([count, 1])], 1);
  });
}

/** For each row, its greatest score, the slot of that centroid (the lower one of equals), and the second greatest score. */
export interface NearestTwo {
  readonly best: Float32Array;
  readonly slot: Int32Array;
  readonly second: Float32Array;
}

/** Compares rows made by `deviceRows` with centroids. */
export function nearestTwo(rows: Tensor2D, { matrix, count, groupSize }: DeviceCentroids): NearestTwo {
  const n = rows.shape[0];
  const [pairs, slots, others] = tf.tidy((): [Tensor, Tensor, Tensor | undefined] => {
    const scores = tf.matMul(rows, matrix, false, true);
    if (count === groupSize) {
      const { values, indices } = tf.topk(scores, Math.min(2, count));
      return [values, indices, undefined];
    }
    const groups = scores.reshape<Tensor3D>([n, matrix.shape[0] / groupSize, groupSize]);
    const leading = tf.topk(groups.max(2), 2);
    const group = leading.indices.slice([0, 0], [n, 1]);
    const inside = tf.topk(tf.gather(groups, group as Tensor2D, 1, 1).reshape([n, groupSize]), 2);
    const first = group.mul(groupSize).add(inside.indices.slice([0, 0], [n, 1]));
    return [inside.values, first, leading.values.slice([0, 1], [n, 1])];
  });
  const values = pairs.dataSync<'float32'>();
  const found = slots.dataSync<'int32'>();
  const rest = others?.dataSync<'float32'>();
  tf.dispose([pairs, slots, ...(others === undefined ? [] : [others])]);
  const step = values.length / n;
  const slotStep = found.length / n;
  const result = { best: new Float32Array(n), slot: new Int32Array(n), second: new Float32Array(n) };
  for (let i = 0; i < n; i++) {
    result.best[i] = values[i * step]!;
    result.slot[i] = found[i * slotStep]!;
    const second = step === 1 ? noScore : values[i * step + 1]!;
    result.second[i] = rest === undefined ? second : Math.max(second, rest[i]!);
  }
  return result;
}
