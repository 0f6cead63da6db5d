import { parseJsonLines } from '@selfsup/kit/parse';

/** A point of a curve: finished epochs, steps, and what was measured there. */
export interface CurvePoint {
  readonly epoch: number;
  readonly step: number;
  readonly [measured: string]: number;
}

/** What was measured over the epochs of a training, and after them. */
export interface Curves {
  readonly train: readonly CurvePoint[];
  readonly test: readonly CurvePoint[];
}

/**
 * A curve as it grows, as lines of JSON. All of it is in every checkpoint: as objects it would take several times the memory, and
 * each save would write it out anew and leave many times its size as garbage. Numbers and their order come back as they were.
 */
export class Curve {
  #bytes: Uint8Array;
  #length: number;

  /** Goes on from a copy of the lines of another. */
  constructor(lines: Uint8Array = new Uint8Array()) {
    this.#bytes = lines.slice();
    this.#length = lines.length;
  }

  /** Its lines so far, [bytes]: a view, which points that come later leave as it is. */
  get lines(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  add(point: CurvePoint): void {
    const line = Buffer.from(`${JSON.stringify(point)}\n`);
    const end = this.#length + line.length;
    if (end > this.#bytes.length) {
      const larger = new Uint8Array(2 * end);
      larger.set(this.lines);
      this.#bytes = larger;
    }
    this.#bytes.set(line, this.#length);
    this.#length = end;
  }

  /** Its points, read anew each time. */
  points(): CurvePoint[] {
    return parseJsonLines(Buffer.from(this.lines).toString()) as CurvePoint[];
  }
}
