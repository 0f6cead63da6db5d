import { closeSync, existsSync, fstatSync, fsyncSync, ftruncateSync, openSync, writeSync } from 'node:fs';

/**
 * Appends float32 rows to a file, row after row, little-endian and without a header, as `fileRows` reads them: as many
 * as the disk holds, of which memory sees a few at a time.
 */
export class RowWriter {
  readonly width: number;
  readonly #file: number;
  #rows: number;

  private constructor(file: number, width: number, rows: number) {
    this.#file = file;
    this.width = width;
    this.#rows = rows;
  }

  /**
   * Goes on after the first `rows` rows of the file; what comes behind them is cut off. A file that is missing or holds
   * fewer is begun anew, as `rows` then says.
   */
  static open(path: string, width: number, rows: number): RowWriter {
    const file = openSync(path, existsSync(path) ? 'r+' : 'w+');
    const kept = fstatSync(file).size < rows * width * 4 ? 0 : rows;
    ftruncateSync(file, kept * width * 4);
    return new RowWriter(file, width, kept);
  }

  /** Rows that the file holds. */
  get rows(): number {
    return this.#rows;
  }

  /** Appends whole rows `[rows, width]`. */
  append(values: Float32Array): void {
    if (values.length % this.width !== 0) throw new RangeError(`${values.length} values in rows of ${this.width}`);
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    for (let done = 0; done < bytes.length;) {
      done += writeSync(this.#file, bytes, done, bytes.length - done, this.#rows * this.width * 4 + done);
    }
    this.#rows += values.length / this.width;
  }

  /** Brings all rows to the disk. */
  flush(): void {
    fsyncSync(this.#file);
  }

  close(): void {
    closeSync(this.#file);
  }
}
