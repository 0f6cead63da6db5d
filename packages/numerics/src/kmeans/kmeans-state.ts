import { open, type FileHandle } from 'node:fs/promises';
import { UserError } from '@selfsup/kit/errors';
import { writeAtomically } from '@selfsup/kit/files';

/** Outcome of one run of k-means; `k` clusters of `rows` rows of `width` values. */
export interface KMeansResult {
  /** `[k, width]`. */
  readonly centroids: Float32Array;
  /** The cluster of each row, the nearest of `centroids`. */
  readonly assignment: Int32Array;
  /** Rows of each cluster. */
  readonly counts: Int32Array;
  /** Sum over the rows of the squared distance to the nearest of `centroids`. */
  readonly objective: number;
  /** The same sum in each iteration, before its centroids were moved. */
  readonly objectives: readonly number[];
  /** Clusters that were empty, and re-seeded by splitting others, in each iteration. */
  readonly reseeded: readonly number[];
  /** Clusters that no row belongs to at the end. */
  readonly empty: number;
  /** The restart that gave this result, from 0. */
  readonly restart: number;
}

/** All that k-means needs to go on from the end of an iteration and finish with the same bits. */
export interface KMeansState {
  /** What was asked for: a state goes on only with the same. */
  readonly run: {
    readonly rows: number;
    readonly width: number;
    readonly k: number;
    readonly seed: number;
    readonly iterations: number;
    readonly restarts: number;
  };
  readonly restart: number;
  /** Iterations of this restart that are complete. */
  readonly iteration: number;
  readonly objectives: number[];
  readonly reseeded: number[];
  /** Sum of all squared values. */
  readonly squares: number;
  /** Where the next iteration starts from, `[k, width]`. */
  readonly centroids: Float32Array;
  /** The centroids that `assignment` and the scores belong to. */
  readonly scored: Float32Array;
  /** Sums of the rows of each cluster, `[k, width]`. */
  readonly sums: Float64Array;
  readonly assignment: Int32Array;
  /** Score of each row's centroid, and a bound on the scores of all others. */
  readonly scores: Float32Array;
  readonly bounds: Float32Array;
  /** Of the restarts before this one. */
  readonly best?: KMeansResult | undefined;
}

const arrays = { Float32Array, Float64Array, Int32Array };
type NumberArray = Float32Array | Float64Array | Int32Array;
const magic = Buffer.from('selfsup k-means 1\n');

const stateArrays = ['sums', 'centroids', 'scored', 'assignment', 'scores', 'bounds'] as const;
const resultArrays = ['centroids', 'assignment', 'counts'] as const;

/** Writes a state so that a reader sees an old file or the whole new one. Throws `UserError` naming the file. */
export async function saveKMeansState(path: string, state: KMeansState): Promise<void> {
  const parts: NumberArray[] = [];
  const take = (value: object, names: readonly string[]) => {
    const header: Record<string, unknown> = { ...value };
    for (const name of names) {
      const array = header[name] as NumberArray;
      parts.push(array);
      header[name] = { type: array.constructor.name, length: array.length };
    }
    return header;
  };
  const header = take(state, stateArrays);
  if (state.best !== undefined) header.best = take(state.best, resultArrays);
  const text = Buffer.from(JSON.stringify(header));
  const size = Buffer.alloc(4);
  size.writeUInt32LE(text.length);
  const bytes = parts.map((part) => new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
  await writeAtomically(path, [magic, size, text, ...bytes]);
}

/** Reads what `saveKMeansState` wrote. Throws `UserError` naming the file when it is missing, damaged or another's. */
export async function loadKMeansState(path: string): Promise<KMeansState> {
  let file: FileHandle;
  try {
    file = await open(path, 'r');
  } catch (cause) {
    throw new UserError(`Cannot read the state of k-means: ${(cause as Error).message}`, { file: path, cause });
  }
  try {
    const next = async <Bytes extends Uint8Array>(bytes: Bytes): Promise<Bytes> => {
      for (let done = 0; done < bytes.length;) {
        const { bytesRead } = await file.read(bytes, done, bytes.length - done);
        if (bytesRead === 0) throw damaged(path);
        done += bytesRead;
      }
      return bytes;
    };
    if (!(await next(Buffer.alloc(magic.length))).equals(magic)) throw damaged(path);
    const size = (await next(Buffer.alloc(4))).readUInt32LE();
    if (size > (await file.stat()).size) throw damaged(path);
    const header = JSON.parse((await next(Buffer.alloc(size))).toString()) as Record<string, unknown>;
    const fill = async (value: Record<string, unknown>, names: readonly string[]) => {
      for (const name of names) {
        const { type, length } = value[name] as { type: keyof typeof arrays; length: number };
        const array = new arrays[type](length);
        await next(new Uint8Array(array.buffer));
        value[name] = array;
      }
    };
    await fill(header, stateArrays);
    if (header.best !== undefined) await fill(header.best as Record<string, unknown>, resultArrays);
    return header as unknown as KMeansState;
  } finally {
    await file.close();
  }
}

function damaged(path: string): UserError {
  const remedy = 'Remove it; clustering then starts again.';
  return new UserError('The state of k-means is damaged', { file: path, remedy });
}
