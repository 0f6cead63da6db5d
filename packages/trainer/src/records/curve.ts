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
 * each save would write it out anew and leave many times its size as garbage. Numbers come back to the bit, in their order; one
 * that is not finite comes back as NaN.
 */
export class Curve {
  #bytes: Uint8Array;
  #length: number;

  /** Goes on from lines that are not written to any more. */
  constructor(lines: Uint8Array = new Uint8Array()) {
    this.#bytes = lines;
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
    const { buffer, byteOffset, length } = this.lines;
    const lines = Buffer.from(buffer, byteOffset, length).toString().split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line, (_, value: unknown) => value ?? NaN) as CurvePoint);
  }
}
