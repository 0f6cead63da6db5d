import { closeSync, openSync, readSync } from 'node:fs';
import { UserError } from '@selfsup/kit/errors';

/** A matrix `[rows, width]` of float32 that is read piece by piece, so that it never has to fit in memory. */
export interface RowSource {
  readonly rows: number;
  readonly width: number;
  /**
   * The values of rows `start` to `start + count`, `[count, width]` in row order. Callers neither change them nor
   * use them after their next read: the source may hand out the same memory again.
   */
  read(start: number, count: number): Float32Array | Promise<Float32Array>;
}

/** Rows that are in memory, `[values.length / width, width]`. Throws `RangeError` where `width` does not divide. */
export function memoryRows(values: Float32Array, width: number): RowSource {
  if (!Number.isInteger(width) || width < 1 || values.length % width !== 0) {
    throw new RangeError(`${values.length} values are no rows of ${width}`);
  }
  return {
    rows: values.length / width,
    width,
    read: (start, count) => values.subarray(start * width, (start + count) * width),
  };
}

/** Rows of a file of little-endian float32, such as the data of a `.npy` file. Close it when done. */
export interface FileRows extends RowSource {
  read(start: number, count: number): Float32Array;
  close(): void;
}

/**
 * Opens `[rows, width]` float32 values that begin `offset` bytes into the file. Throws `UserError` naming the file
 * when it cannot be read, and from `read` when it ends too soon.
 */
export function fileRows(path: string, rows: number, width: number, offset = 0): FileRows {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (cause) {
    throw new UserError(`Cannot read rows: ${(cause as Error).message}`, { file: path, cause });
  }
  let buffer = new Float32Array(0);
  return {
    rows,
    width,
    read(start, count) {
      if (buffer.length < count * width) buffer = new Float32Array(count * width);
      const values = buffer.subarray(0, count * width);
      const bytes = new Uint8Array(values.buffer, 0, values.byteLength);
      const position = offset + start * width * 4;
      for (let done = 0; done < bytes.length;) {
        const got = readSync(file, bytes, done, bytes.length - done, position + done);
        if (got === 0) throw new UserError(`The file ends before row ${start + count} of ${rows}`, { file: path });
        done += got;
      }
      return values;
    },
    close: () => closeSync(file),
  };
}

/** Rows that come from another source by a function of each piece, `[count, source.width]` to `[count, width]`. */
export function mappedRows(
  source: RowSource,
  width: number,
  map: (values: Float32Array, count: number) => Float32Array,
): RowSource {
  return { rows: source.rows, width, read: async (start, count) => map(await source.read(start, count), count) };
}

/**
 * Rows a piece: few enough that a piece and what is computed from it (`perRow` values a row) stay small, and enough
 * to keep matrix products at full speed.
 */
export function rowsPerChunk(perRow: number): number {
  const values = 4 * 2 ** 20;
  return Math.max(64, Math.min(8192, Math.floor(values / perRow)));
}

/** The first row of values `[count, width]` with a NaN or an infinity, or -1. */
export function firstNonFiniteRow(values: Float32Array, width: number): number {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return Math.floor(i / width);
  return -1;
}

/** Throws `UserError` naming the row, `among` others, when one of `values`, which begin at row `start`, is NaN or infinite. */
export function refuseNonFinite(values: Float32Array, width: number, start: number, among = ''): void {
  const row = firstNonFiniteRow(values, width);
  if (row < 0) return;
  throw new UserError(`Row ${start + row}${among} holds NaN or infinity`, {
    field: `rows.${start + row}`,
    remedy: 'Look for a diverged network or a damaged feature file, and compute the features again.',
  });
}
