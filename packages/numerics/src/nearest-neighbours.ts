import { tf } from '@selfsup/engine/tensorflow';
import { UserError } from '@selfsup/kit/errors';
import { refuseNonFinite, type RowSource } from './row-source.ts';

export interface NeighbourSearch {
  readonly queries: RowSource;
  /** Where neighbours are looked for. */
  readonly bank: RowSource;
  /** Neighbours of each query. */
  readonly k: number;
  /** `cosine` compares directions, a row of zeros being like nothing; `euclidean` distances. */
  readonly metric: 'cosine' | 'euclidean';
  /** Query i is row i of the bank, and no neighbour of itself. Default false. */
  readonly leaveOneOut?: boolean;
  /** Rows at a time; by default what fits into some 400 MB. */
  readonly pieceRows?: { readonly bank: number; readonly queries: number };
  /** Called between pieces of work with the share that is done, 0..1; what it throws ends the search. */
  readonly onProgress?: (done: number) => void | Promise<void>;
}

/** The nearest rows of the bank, nearest first; of equally near ones the lower row first. */
export interface Neighbours {
  readonly k: number;
  /** Rows of the bank, `[queries, k]`. */
  readonly indices: Int32Array;
  /** Cosine similarities in [-1, 1] or Euclidean distances, `[queries, k]`. */
  readonly values: Float32Array;
}

/** Below any score: of slots that hold no row. */
const noScore = -3e38;
/** Values of a piece of the bank (128 MB), and of the scores of a piece of the queries against it (256 MB). */
const bankValues = 2 ** 25;
const scoreValues = 2 ** 26;

/**
 * Exact nearest neighbours by matrix products on the device, piece by piece: memory stays bounded whatever the sizes,
 * and each row of the bank is read once. Throws `UserError` for more neighbours than rows, rows of another width and
 * NaN or infinite values, naming the row.
 */
export async function nearestNeighbours(search: NeighbourSearch): Promise<Neighbours> {
  const { queries, bank, k, leaveOneOut = false } = search;
  const wanted = leaveOneOut ? k + 1 : k;
  if (!Number.isInteger(k) || k < 1) throw new RangeError(`${k} neighbours`);
  if (wanted > bank.rows)
    throw new UserError(`${k} neighbours of ${bank.rows - (leaveOneOut ? 1 : 0)} rows`, {
      field: 'k',
      remedy: 'Ask for fewer neighbours.',
    });
  if (queries.width !== bank.width)
    throw new UserError(`Queries have ${queries.width} values, the rows they are compared with ${bank.width}`);
  const best = new BestSoFar(queries.rows, wanted);
  const centre = search.metric === 'euclidean' ? await firstMean(bank) : undefined;
  const prepare = (values: Float32Array, width: number): tf.Tensor2D => prepared(values, width, centre);
  const bankPiece = Math.min(
    bank.rows,
    search.pieceRows?.bank ?? Math.max(wanted, Math.floor(bankValues / (bank.width + 1))),
  );
  for (let start = 0; start < bank.rows; start += bankPiece) {
    const count = Math.min(bankPiece, bank.rows - start);
    const values = await bank.read(start, count);
    refuseNonFinite(values, bank.width, start, ' of those compared with');
    const groupSize = Math.max(1, Math.round(Math.sqrt(count / wanted)));
    const rows = bankMatrix(prepare(values, bank.width), groupSize, centre !== undefined);
    const queryPiece = search.pieceRows?.queries ?? Math.max(1, Math.floor(scoreValues / rows.shape[0]));
    try {
      for (let first = 0; first < queries.rows; first += queryPiece) {
        const here = Math.min(queryPiece, queries.rows - first);
        const asked = await queries.read(first, here);
        if (start === 0) refuseNonFinite(asked, queries.width, first, ' of those asked for');
        const x = withColumn(prepare(asked, queries.width), 1);
        const found = topScores(x, rows, Math.min(wanted, count), groupSize);
        x.dispose();
        best.merge(first, here, found, start);
        await search.onProgress?.((start + (count * (first + here)) / queries.rows) / bank.rows);
      }
    } finally {
      rows.dispose();
    }
  }
  const values = centre === undefined ? best.scores : await distances(best, queries, centre);
  centre?.dispose();
  return leaveOneOut ? withoutSelf(best.indices, values, wanted) : { k, indices: best.indices, values };
}

/** Mean of the bank's first rows, `[width]`: distances keep more digits when rows lie around the origin. */
async function firstMean(bank: RowSource): Promise<tf.Tensor> {
  const count = Math.min(bank.rows, 1024);
  const values = await bank.read(0, count);
  return tf.tidy(() => tf.tensor2d(values, [count, bank.width]).mean(0));
}

/** Rows less the centre, or of length 1 where there is none. */
function prepared(values: Float32Array, width: number, centre: tf.Tensor | undefined): tf.Tensor2D {
  return tf.tidy(() => {
    const rows = tf.tensor2d(values, [values.length / width, width]);
    return centre === undefined ? rows.div(rows.norm(2, 1, true).maximum(1e-12)) : rows.sub(centre);
  });
}

/** Adds a column of this value. Disposes of the rows. */
function withColumn(rows: tf.Tensor2D, value: number): tf.Tensor2D {
  const wider = tf.tidy(() => tf.concat2d([rows, tf.fill([rows.shape[0], 1], value)], 1));
  rows.dispose();
  return wider;
}

/**
 * The bank's rows with a column for the constant of their score, filled up to whole groups. The score of a row c is
 * x·c, or x·c − ½‖c‖² where `lengths` count: the greatest then belongs to the least distance, as
 * ‖x − c‖² = ‖x‖² − 2·score. Disposes of the rows.
 */
function bankMatrix(rows: tf.Tensor2D, groupSize: number, lengths: boolean): tf.Tensor2D {
  const matrix = tf.tidy(() => {
    const [count, width] = rows.shape;
    const constant = lengths ? rows.square().sum(1, true).mul(-0.5) : tf.zeros([count, 1]);
    const whole = tf.concat2d([rows, constant as tf.Tensor2D], 1);
    const missing = Math.ceil(count / groupSize) * groupSize - count;
    if (missing === 0) return whole;
    const empty = tf.concat2d([tf.zeros([missing, width]), tf.fill([missing, 1], noScore)], 1);
    return tf.concat2d([whole, empty], 0);
  });
  rows.dispose();
  return matrix;
}

interface Found {
  readonly scores: Float32Array;
  readonly slots: Int32Array;
}

/**
 * The `k` greatest scores of each query with their slots, `[queries, k]`. A group of neighbouring slots that holds one of
 * them is among the k groups with the greatest maxima, so only those are searched.
 */
function topScores(x: tf.Tensor2D, rows: tf.Tensor2D, k: number, groupSize: number): Found {
  const [n, slots] = [x.shape[0], rows.shape[0]];
  const groupCount = slots / groupSize;
  const [values, indices] = tf.tidy((): [tf.Tensor, tf.Tensor] => {
    const scores = tf.matMul(x, rows, false, true);
    if (groupSize === 1 || groupCount <= k) {
      const top = tf.topk(scores, k);
      return [top.values, top.indices];
    }
    const groups = scores.reshape<tf.Tensor3D>([n, groupCount, groupSize]);
    // In the order of slots, so that of equal scores the lower slot comes first.
    const leading = tf.topk(tf.topk(groups.max(2), k).indices.neg(), k).values.neg() as tf.Tensor2D;
    const inside = tf.topk(tf.gather(groups, leading, 1, 1).reshape([n, k * groupSize]), k);
    const place = inside.indices.floorDiv(tf.scalar(groupSize, 'int32')) as tf.Tensor2D;
    const group = tf.gather(leading, place, 1, 1);
    return [inside.values, group.mul(groupSize).add(inside.indices.sub(place.mul(groupSize)))];
  });
  // Read outside tidy, which would walk through every element of what is returned.
  const found = { scores: values.dataSync<'float32'>(), slots: indices.dataSync<'int32'>() };
  tf.dispose([values, indices]);
  return found;
}

/** The best scores of each query over the pieces of the bank seen so far, greatest first. */
class BestSoFar {
  readonly indices: Int32Array;
  readonly scores: Float32Array;
  readonly #k: number;

  constructor(queries: number, k: number) {
    this.#k = k;
    this.indices = new Int32Array(queries * k).fill(-1);
    this.scores = new Float32Array(queries * k).fill(-Infinity);
  }

  /** Takes in what was found for `count` queries from `first` on, in a piece of the bank that begins at row `offset`. */
  merge(first: number, count: number, found: Found, offset: number): void {
    const k = this.#k;
    const given = found.scores.length / count;
    const [scores, indices] = [new Float32Array(k), new Int32Array(k)];
    for (let query = 0; query < count; query++) {
      const [at, from] = [(first + query) * k, query * given];
      let [mine, theirs] = [0, 0];
      for (let i = 0; i < k; i++) {
        // Earlier pieces hold the lower rows: they win where scores are equal.
        const old = this.scores[at + mine] as number;
        const next = theirs < given ? (found.scores[from + theirs] as number) : -Infinity;
        const keep = old >= next;
        scores[i] = keep ? old : next;
        indices[i] = keep ? (this.indices[at + mine++] as number) : offset + (found.slots[from + theirs++] as number);
      }
      this.scores.set(scores, at);
      this.indices.set(indices, at);
    }
  }
}

/** Euclidean distances from scores. */
async function distances(best: BestSoFar, queries: RowSource, centre: tf.Tensor): Promise<Float32Array> {
  const k = best.scores.length / queries.rows;
  const piece = Math.max(1, Math.floor(bankValues / queries.width));
  const values = new Float32Array(best.scores.length);
  for (let first = 0; first < queries.rows; first += piece) {
    const count = Math.min(piece, queries.rows - first);
    const asked = await queries.read(first, count);
    const squares = tf.tidy(() => tf.tensor2d(asked, [count, queries.width]).sub(centre).square().sum(1));
    squares.dataSync<'float32'>().forEach((square, query) => {
      for (let i = (first + query) * k; i < (first + query + 1) * k; i++)
        values[i] = Math.sqrt(Math.max(0, square - 2 * (best.scores[i] as number)));
    });
    squares.dispose();
  }
  return values;
}

/** Leaves out row i among the neighbours of query i, or the last neighbour where more than `k` rows equal it. */
function withoutSelf(indices: Int32Array, values: Float32Array, found: number): Neighbours {
  const k = found - 1;
  const queries = indices.length / found;
  const kept = { k, indices: new Int32Array(queries * k), values: new Float32Array(queries * k) };
  for (let query = 0; query < queries; query++) {
    let self = indices.subarray(query * found, (query + 1) * found).indexOf(query);
    if (self < 0) self = k;
    for (let i = 0; i < k; i++) {
      const from = query * found + (i < self ? i : i + 1);
      kept.indices[query * k + i] = indices[from] as number;
      kept.values[query * k + i] = values[from] as number;
    }
  }
  return kept;
}
