import { inTurns, type Turn } from '@selfsup/engine/cluster';
import { tf } from '@selfsup/engine/tensorflow';
import { refuseNonFinite } from '../row-source.ts';
import type { DeviceRowCache, Piece } from './device-row-cache.ts';
import { movedClusters } from './kmeans-centroids.ts';
import { deviceCentroids, nearestTwo, type DeviceCentroids } from './kmeans-nearest.ts';

/** From this share of moved centroids on, rows are compared with all of them at once. */
const mostMoved = 0.9;

/** What became of the rows of a piece: of each its cluster and scores, and which changed their cluster, in that order. */
interface Assigned extends Pick<AssignmentArrays, 'scores' | 'bounds'> {
  readonly start: number;
  readonly moved: Int32Array;
  readonly to: Int32Array;
  /** Of all values, where they were asked for. */
  readonly squares: number;
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
  /** Rows of the piece under way that change their cluster, and to which. */
  #moves: [row: number, to: number][] = [];

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
    try {
      const { squares } = await this.#pass('k-means starts', async (piece) => {
        const values = piece.values ?? (await this.#rows.source.read(piece.start, piece.count));
        let sum = 0;
        for (let i = 0; i < values.length; i++) sum += values[i]! * values[i]!;
        if (!Number.isFinite(sum)) refuseNonFinite(values, this.#width, piece.start);
        this.#assignAll(piece.tensor, piece.start, all);
        return sum;
      });
      return squares;
    } finally {
      all.dispose();
    }
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
    try {
      const { changes } = await this.#pass('k-means', ({ tensor, start }) => {
        if (some === undefined) this.#assignAll(tensor, start, allOnDevice());
        else this.#assignMoved(tensor, start, moved, isMoved, some, allOnDevice);
        return 0;
      });
      return changes;
    } finally {
      all?.dispose();
      some?.dispose();
    }
  }

  /**
   * Assigns the rows piece by piece, then takes each piece's changes into the sums, in order. Where several processes share the
   * stage, each assigns every so many pieces, always the same ones, and only the first has the whole arrays and sums.
   */
  async #pass(
    name: string,
    assign: (piece: Piece) => number | Promise<number>,
  ): Promise<{ readonly changes: number; readonly squares: number }> {
    let [changes, squares] = [0, 0];
    let own: Piece | undefined;
    const done = await inTurns<Assigned, { changes: number; squares: number }>({
      name,
      own: async function* (this: RowAssignment, turn: Turn) {
        for await (const piece of this.#rows.pieces(turn)) {
          own = piece;
          this.#moves = [];
          const sum = await assign(piece);
          yield this.#assigned(piece, sum);
          // Where another process takes it in, this one still has to know.
          for (const [row, to] of this.#moves) this.assignment[row] = to;
        }
      }.bind(this),
      take: async (assigned) => {
        squares += assigned.squares;
        changes += assigned.moved.length;
        await this.#takeIn(assigned, own?.start === assigned.start ? own.values : undefined);
      },
      finish: () => ({ changes, squares }),
    });
    if (done === undefined) throw new Error('The first process does not cluster.');
    return done;
  }

  #assigned({ start, count }: Piece, squares: number): Assigned {
    const [scores, bounds] = [this.scores, this.bounds].map((all) => all.subarray(start, start + count));
    const moved = Int32Array.from(this.#moves, ([row]) => row);
    return {
      start,
      scores: scores!,
      bounds: bounds!,
      moved,
      to: Int32Array.from(this.#moves, ([, to]) => to),
      squares,
    };
  }

  async #takeIn({ start, scores, bounds, moved, to }: Assigned, values: Float32Array | undefined): Promise<void> {
    this.scores.set(scores, start);
    this.bounds.set(bounds, start);
    // Of many rows the whole piece is read at once.
    const all =
      values ?? (moved.length > scores.length / 4 ? await this.#rows.source.read(start, scores.length) : undefined);
    for (const [i, row] of moved.entries()) {
      const pending = this.#move(row, to[i]!, all, start);
      if (pending !== undefined) await pending;
    }
  }

  #assignAll(tensor: tf.Tensor2D, start: number, all: DeviceCentroids): void {
    const { best, slot, second } = nearestTwo(tensor, all);
    for (let i = 0; i < best.length; i++) {
      this.scores[start + i] = best[i]!;
      this.bounds[start + i] = second[i]!;
      if (this.assignment[start + i] !== slot[i]) this.#moves.push([start + i, slot[i]!]);
    }
  }

  #assignMoved(
    tensor: tf.Tensor2D,
    start: number,
    moved: Int32Array,
    isMoved: Uint8Array,
    some: DeviceCentroids,
    allOnDevice: () => DeviceCentroids,
  ): void {
    const { best, slot, second } = nearestTwo(tensor, some);
    const { assignment, scores, bounds } = this;
    const doubtful: number[] = [];
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
      if (candidate !== own) this.#moves.push([row, candidate]);
    }
    if (doubtful.length === 0) return;
    const gathered = tf.tidy(() => tf.gather(tensor, tf.tensor1d(doubtful, 'int32')));
    const found = nearestTwo(gathered, allOnDevice());
    gathered.dispose();
    for (const [j, i] of doubtful.entries()) {
      scores[start + i] = found.best[j]!;
      bounds[start + i] = found.second[j]!;
      if (assignment[start + i] !== found.slot[j]) this.#moves.push([start + i, found.slot[j]!]);
    }
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
