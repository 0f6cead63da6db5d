import { tf } from '@selfsup/engine/tensorflow';

/** Below any score: of slots that hold no centroid, and of the second best where there is only one. */
const noScore = -3e38;

/** Up to this many centroids, the best two are looked for in one go. */
const flatSearch = 64;

/** Groups have a multiple of this size, which vector registers like. */
const groupStep = 16;

/**
 * Centroids on the device, in the form in which rows are compared with them. The score of a centroid c for a row x
 * is x·c − ½‖c‖²; the greatest score belongs to the nearest centroid, since ‖x − c‖² = ‖x‖² − 2·score.
 */
export interface DeviceCentroids {
  /** `[groups · groupSize, width + 1]`: a centroid and −½‖c‖² a row; slots over hold `noScore`. */
  readonly matrix: tf.Tensor2D;
  readonly count: number;
  readonly groupSize: number;
  dispose(): void;
}

/** Puts the centroids of these clusters (all, where undefined) on the device; `centroids` is `[k, width]`. */
export function deviceCentroids(centroids: Float32Array, width: number, clusters?: Int32Array): DeviceCentroids {
  const count = clusters?.length ?? centroids.length / width;
  // Scores are searched by groups of about √count, of which the device finds the maximum.
  const groupSize = count <= flatSearch ? count : Math.ceil(Math.sqrt(count) / groupStep) * groupStep;
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
export function deviceRows(values: Float32Array, width: number): tf.Tensor2D {
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
export function nearestTwo(rows: tf.Tensor2D, { matrix, count, groupSize }: DeviceCentroids): NearestTwo {
  const n = rows.shape[0];
  const scores: tf.Tensor2D = tf.matMul(rows, matrix, false, true);
  const found = { best: new Float32Array(n), slot: new Int32Array(n), second: new Float32Array(n) };
  if (count === groupSize) {
    scan(scores.dataSync<'float32'>(), count, found);
    scores.dispose();
    return found;
  }
  // The best group by its maximum, then the best slot of that group; what is left is searched in JavaScript, which
  // is faster than TopK.
  const groups = scores.reshape<tf.Tensor3D>([n, matrix.shape[0] / groupSize, groupSize]);
  const greatest: tf.Tensor = groups.max(2);
  scan(greatest.dataSync<'float32'>(), matrix.shape[0] / groupSize, found);
  const chosen = tf.tensor2d(found.slot, [n, 1]);
  const members: tf.Tensor = tf.gather(groups, chosen, 1, 1);
  const inside = { best: found.best, slot: new Int32Array(n), second: new Float32Array(n) };
  scan(members.dataSync<'float32'>(), groupSize, inside);
  tf.dispose([scores, groups, greatest, chosen, members]);
  for (let i = 0; i < n; i++) {
    found.slot[i] = found.slot[i]! * groupSize + inside.slot[i]!;
    found.second[i] = Math.max(found.second[i]!, inside.second[i]!);
  }
  return found;
}

/** The two greatest values of each row of `values`, `[rows, width]`, and the first place of the greatest. */
function scan(values: Float32Array, width: number, { best, slot, second }: NearestTwo): void {
  for (let row = 0, at = 0; row < best.length; row++) {
    let greatest = values[at]!;
    let place = 0;
    let next = noScore;
    for (let i = 1; i < width; i++) {
      const value = values[at + i]!;
      if (value > greatest) {
        next = greatest;
        greatest = value;
        place = i;
      } else if (value > next) next = value;
    }
    at += width;
    best[row] = greatest;
    slot[row] = place;
    second[row] = next;
  }
}
