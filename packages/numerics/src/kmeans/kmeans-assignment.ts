import { tf } from '@selfsup/engine/tensorflow';
import { stopIfAsked } from '@selfsup/kit/stage';
import { refuseNonFinite, type RowSource } from '../row-source.ts';
import { movedClusters } from './kmeans-centroids.ts';
import { deviceCentroids, deviceRows, nearestTwo, type DeviceCentroids } from './kmeans-nearest.ts';

/** From this share of moved centroids on, rows are compared with all of them at once. */
const mostMoved = 0.9;

/** A piece of the rows: on the device, and in JavaScript where it was just read. */
interface Piece {
  readonly start: number;
  readonly count: number;
  readonly values: Float32Array | undefined;
  readonly tensor: tf.Tensor2D;
}

/** The rows in pieces; as many of them as the budget allows stay on the device from one pass to the next. */
export class DeviceRowCache {
  readonly source: RowSource;
  readonly #chunkRows: number;
  readonly #signal: AbortSignal | undefined;
  readonly #kept = new Map<number, tf.Tensor2D>();
  #budget: number;

  constructor(source: RowSource, chunkRows: number, cacheBytes: number, signal: AbortSignal | undefined) {
    this.source = source;
    this.#chunkRows = chunkRows;
    this.#budget = cacheBytes;
    this.#signal = signal;
  }

  /** Calls `use` with each piece in turn. Throws `Interrupted` between pieces when the signal is aborted. */
  async forEach(use: (piece: Piece) => void | Promise<void>): Promise<void> {
    const { rows, width } = this.source;
    for (let start = 0; start < rows; start += this.#chunkRows) {
      await stopIfAsked(this.#signal, 'Stopped while clustering');
      const count = Math.min(this.#chunkRows, rows - start);
      const kept = this.#kept.get(start);
      if (kept !== undefined) {
        await use({ start, count, values: undefined, tensor: kept });
        continue;
      }
      const values = await this.source.read(start, count);
      const tensor = deviceRows(values, width);
      const bytes = tensor.size * 4;
      if (bytes <= this.#budget) {
        this.#budget -= bytes;
        this.#kept.set(start, tensor);
        await use({ start, count, values, tensor });
      } else {
        try {
          await use({ start, count, values, tensor });
        } finally {
          tensor.dispose();
        }
      }
    }
  }

  dispose(): void {
    for (const tensor of this.#kept.values()) tensor.dispose();
    this.#kept.clear();
  }
}

/** Arrays that a `RowAssignment` works on; see `KMeansState`. */
export interface AssignmentArrays {
  readonly assignment: Int32Array;
  readonly scores: Float32Array;
  readonly bounds: Float32Array;
  readonly sums: Float64Array;
}

/**
 * The cluster of each row, kept up to date while centroids move, with the sums of the rows of each cluster.
 *
 * Lloyd's algorithm without needless comparisons. A centroid that did not move has the scores that it had, so rows
 * are compared with the moved ones only. A row whose own centroid moved needs all comparisons only when the best
 * moved one falls below the bound that is kept on the scores of the others. The assignment is that of a full
 * comparison (up to rounding); after the first few iterations most of the work is saved.
 */
export class RowAssignment implements AssignmentArrays {
  readonly assignment: Int32Array;
  readonly scores: Float32Array;
  readonly bounds: Float32Array;
  readonly sums: Float64Array;
  readonly #rows: DeviceRowCache;
  readonly #width: number;
  readonly #k: number;

  /** Starts with rows in no cluster, or from arrays of an earlier one, which it goes on to change. */
  constructor(rows: DeviceRowCache, k: number, from?: AssignmentArrays) {
    const n = rows.source.rows;
    this.#rows = rows;
    this.#width = rows.source.width;
    this.#k = k;
    this.assignment = from?.assignment ?? new Int32Array(n).fill(-1);
    this.scores = from?.scores ?? new Float32Array(n);
    this.bounds = from?.bounds ?? new Float32Array(n);
    this.sums = from?.sums ?? new Float64Array(k * this.#width);
  }

  /** Rows of each cluster. */
  counts(): Int32Array {
    const counts = new Int32Array(this.#k);
    for (const cluster of this.assignment) counts[cluster]!++;
    return counts;
  }

  /** Sum of squared distances to the own centroid, `squares` being the sum of all squared values. */
  objective(squares: number): number {
    let total = 0;
    for (const score of this.scores) total += score;
    return Math.max(0, squares - 2 * total);
  }

  /**
   * First assignment to `centroids`. Returns the sum of all squared values. Throws `UserError` naming the first row
   * with a NaN or an infinity.
   */
  async start(centroids: Float32Array): Promise<number> {
    const all = deviceCentroids(centroids, this.#width);
    let squares = 0;
    try {
      await this.#rows.forEach(async (piece) => {
        const values = piece.values ?? (await this.#rows.source.read(piece.start, piece.count));
        let sum = 0;
        for (let i = 0; i < values.length; i++) sum += values[i]! * values[i]!;
        if (!Number.isFinite(sum)) refuseNonFinite(values, this.#width, piece.start);
        squares += sum;
        await this.#assignAll(piece.tensor, piece.start, values, all);
      });
    } finally {
      all.dispose();
    }
    return squares;
  }

  /** Follows centroids that moved from `before` to `after`. Returns how many rows changed their cluster. */
  async follow(before: Float32Array, after: Float32Array): Promise<number> {
    const moved = movedClusters(before, after, this.#width);
    if (moved.length === 0) return 0;
    const isFull = moved.length > mostMoved * this.#k;
    const some = isFull ? undefined : deviceCentroids(after, this.#width, moved);
    let all: DeviceCentroids | undefined;
    const allOnDevice = () => (all ??= deviceCentroids(after, this.#width));
    const isMoved = new Uint8Array(this.#k);
    for (const cluster of moved) isMoved[cluster] = 1;
    let changes = 0;
    try {
      await this.#rows.forEach(async ({ tensor, start, values }) => {
        changes +=
          some === undefined
            ? await this.#assignAll(tensor, start, values, allOnDevice())
            : await this.#assignMoved(tensor, start, values, moved, isMoved, some, allOnDevice);
      });
    } finally {
      all?.dispose();
      some?.dispose();
    }
    return changes;
  }

  async #assignAll(tensor: tf.Tensor2D, start: number, values: Float32Array | undefined, all: DeviceCentroids) {
    const { best, slot, second } = nearestTwo(tensor, all);
    let changes = 0;
    for (let i = 0; i < best.length; i++) {
      this.scores[start + i] = best[i]!;
      this.bounds[start + i] = second[i]!;
      if (this.assignment[start + i] === slot[i]) continue;
      changes++;
      const pending = this.#move(start + i, slot[i]!, values, start);
      if (pending !== undefined) await pending;
    }
    return changes;
  }

  async #assignMoved(
    tensor: tf.Tensor2D,
    start: number,
    values: Float32Array | undefined,
    moved: Int32Array,
    isMoved: Uint8Array,
    some: DeviceCentroids,
    allOnDevice: () => DeviceCentroids,
  ) {
    const { best, slot, second } = nearestTwo(tensor, some);
    const { assignment, scores, bounds } = this;
    const doubtful: number[] = [];
    let changes = 0;
    for (let i = 0; i < best.length; i++) {
      const row = start + i;
      const own = assignment[row]!;
      const candidate = moved[slot[i]!]!;
      const score = best[i]!;
      if (isMoved[own] === 1) {
        if (score <= bounds[row]!) {
          doubtful.push(i);
          continue;
        }
        bounds[row] = Math.max(bounds[row]!, second[i]!);
      } else if (score > scores[row]! || (score === scores[row] && candidate < own)) {
        bounds[row] = Math.max(scores[row]!, second[i]!);
      } else {
        bounds[row] = Math.max(bounds[row]!, score);
        continue;
      }
      scores[row] = score;
      if (candidate === own) continue;
      changes++;
      const pending = this.#move(row, candidate, values, start);
      if (pending !== undefined) await pending;
    }
    if (doubtful.length === 0) return changes;
    const gathered = tf.tidy(() => tf.gather(tensor, tf.tensor1d(doubtful, 'int32')));
    const found = nearestTwo(gathered, allOnDevice());
    gathered.dispose();
    for (const [j, i] of doubtful.entries()) {
      scores[start + i] = found.best[j]!;
      bounds[start + i] = found.second[j]!;
      if (assignment[start + i] === found.slot[j]) continue;
      changes++;
      await this.#move(start + i, found.slot[j]!, values, start);
    }
    return changes;
  }

  /**
   * Moves a row and its part of the sums to another cluster. `values` are those of the rows from `start` on; where
   * they are not at hand, the row is read.
   */
  #move(row: number, to: number, values: Float32Array | undefined, start: number): Promise<void> | undefined {
    if (values !== undefined) {
      this.#shift(row, to, values, (row - start) * this.#width);
      return undefined;
    }
    const read = this.#rows.source.read(row, 1);
    if (read instanceof Promise) return read.then((late) => this.#shift(row, to, late, 0));
    this.#shift(row, to, read, 0);
    return undefined;
  }

  #shift(row: number, to: number, values: Float32Array, at: number): void {
    const sums = this.sums;
    const width = this.#width;
    const from = this.assignment[row]!;
    const target = to * width;
    for (let i = 0; i < width; i++) sums[target + i]! += values[at + i]!;
    if (from >= 0) {
      const origin = from * width;
      for (let i = 0; i < width; i++) sums[origin + i]! -= values[at + i]!;
    }
    this.assignment[row] = to;
  }
}
