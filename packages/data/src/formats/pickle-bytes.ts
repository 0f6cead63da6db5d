/** The bytes of a pickle, one after another; each read throws `Error` where they end. Numbers are little-endian. */
export class PickleBytes {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** The next bytes, in the memory of the whole. */
  take(length: number): Buffer {
    const from = this.#at;
    if (length < 0 || from + length > this.#bytes.length) throw new Error('the pickle is cut off');
    this.#at += length;
    return this.#bytes.subarray(from, from + length);
  }

  /** A number of 1 to 6 bytes without a sign. */
  unsigned(length: number): number {
    return this.take(length).readUIntLE(0, length);
  }

  int32(): number {
    return this.take(4).readInt32LE(0);
  }

  /** Of eight bytes, big-endian, as only floats are. */
  float64(): number {
    return this.take(8).readDoubleBE(0);
  }

  /** A length of eight bytes. */
  length64(): number {
    return Number(this.take(8).readBigUInt64LE(0));
  }

  /** Text up to the end of its line, a character a byte. */
  line(): string {
    const end = this.#bytes.indexOf(10, this.#at);
    if (end < 0) throw new Error('the pickle is cut off');
    const text = this.take(end - this.#at).toString('latin1');
    this.#at += 1;
    return text;
  }
}
