import type { tf } from '@selfsup/engine/tensorflow';
import { stopIfAsked } from '@selfsup/kit/stage';
import type { RowSource } from '../row-source.ts';
import { deviceRows } from './kmeans-nearest.ts';

/** A piece of the rows: on the device, and in JavaScript where it was just read. */
export interface Piece {
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

  /** Each piece in turn, or every so many from one on. Throws `Interrupted` between pieces when the signal is aborted. */
  async *pieces({ from, every }: { readonly from: number; readonly every: number }): AsyncGenerator<Piece> {
    const { rows, width } = this.source;
    for (let start = from * this.#chunkRows; start < rows; start += every * this.#chunkRows) {
      await stopIfAsked(this.#signal, 'Stopped while clustering');
      const count = Math.min(this.#chunkRows, rows - start);
      const kept = this.#kept.get(start);
      if (kept !== undefined) {
        yield { start, count, values: undefined, tensor: kept };
        continue;
      }
      const values = await this.source.read(start, count);
      const tensor = deviceRows(values, width);
      const bytes = tensor.size * 4;
      if (bytes <= this.#budget) {
        this.#budget -= bytes;
        this.#kept.set(start, tensor);
        yield { start, count, values, tensor };
      } else {
        try {
          yield { start, count, values, tensor };
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
