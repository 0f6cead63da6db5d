import type { Picture } from '../native/pictures.ts';

/** Whether bytes start as a PBM, PGM or PPM does. */
export function isNetpbm(bytes: Uint8Array): boolean {
  return bytes[0] === 0x50 && bytes[1]! >= 0x31 && bytes[1]! <= 0x36 && isSpace(bytes[2]);
}

const isSpace = (byte: number | undefined): boolean => byte === 32 || (byte !== undefined && byte >= 9 && byte <= 13);

/** Reads the numbers of a header or of plain text; a comment goes from `#` to the end of its line. */
class Numbers {
  constructor(
    private readonly bytes: Uint8Array,
    at: number,
  ) {
    this.at = at;
  }
  at: number;

  private skip(): void {
    for (;;) {
      if (this.bytes[this.at] === 35) while (this.at < this.bytes.length && this.bytes[this.at] !== 10) this.at++;
      else if (isSpace(this.bytes[this.at])) this.at++;
      else return;
    }
  }

  /** The next number; with `digits`, of so many digits, as the pixels of a plain PBM need no space between them. */
  next(digits = Infinity): number {
    this.skip();
    let value = 0;
    const start = this.at;
    for (; this.at - start < digits; this.at++) {
      const digit = (this.bytes[this.at] ?? 0) - 48;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    if (this.at === start)
      throw new Error(start >= this.bytes.length ? 'the picture is cut off' : 'no number where one belongs');
    return value;
  }
}

function headerOf(bytes: Uint8Array) {
  const kind = bytes[1]! - 0x30;
  const numbers = new Numbers(bytes, 2);
  const [width, height] = [numbers.next(), numbers.next()];
  const most = kind === 1 || kind === 4 ? 1 : numbers.next();
  if (height < 1 || width < 1 || most < 1 || most > 65535) {
    throw new Error(`a picture of ${width} × ${height} pixels of 0 to ${most}`);
  }
  return { kind, width, height, most, numbers };
}

/** Height and width of a PBM, PGM or PPM. Throws `Error` where the header is spoilt. */
export function netpbmSize(bytes: Uint8Array): { height: number; width: number } {
  const { height, width } = headerOf(bytes);
  return { height, width };
}

/**
 * The pixels of the first picture in a PBM (1 is black), PGM or PPM, binary or plain, of up to 16 bits: grey or RGB, 0..255.
 * Throws `Error` where it is cut off or spoilt.
 */
export function decodeNetpbm(bytes: Uint8Array): Picture {
  const { kind, width, height, most, numbers } = headerOf(bytes);
  const channels = kind === 3 || kind === 6 ? 3 : 1;
  const values = height * width * channels;
  // Each takes a byte of a plain one, and all but those of a PBM another between them: seen before memory is taken.
  const least = kind === 1 ? values : 2 * values - 1;
  if (kind <= 3 && numbers.at + least > bytes.length) throw new Error('the picture is cut off');
  const scaled = (value: number): number => {
    if (value > most) throw new Error(`a value of ${value} above ${most}`);
    return Math.round((value * 255) / most);
  };
  if (kind <= 3) {
    const pixels = new Uint8Array(values);
    for (let i = 0; i < pixels.length; i++)
      pixels[i] = kind === 1 ? 255 * (1 - numbers.next(1)) : scaled(numbers.next());
    return { pixels, height, width, channels };
  }
  const at = numbers.at + 1;
  const rowBytes = kind === 4 ? Math.ceil(width / 8) : width * channels * (most > 255 ? 2 : 1);
  if (at + rowBytes * height > bytes.length) {
    throw new Error(`the picture is cut off: ${bytes.length} bytes instead of ${at + rowBytes * height}`);
  }
  const pixels = new Uint8Array(values);
  for (let i = 0; i < pixels.length; i++) {
    if (kind === 4) {
      const [y, x] = [Math.floor(i / width), i % width];
      pixels[i] = (bytes[at + y * rowBytes + (x >> 3)]! >> (7 - (x & 7))) & 1 ? 0 : 255;
    } else if (most > 255) pixels[i] = scaled(bytes[at + 2 * i]! * 256 + bytes[at + 2 * i + 1]!);
    else pixels[i] = most === 255 ? bytes[at + i]! : scaled(bytes[at + i]!);
  }
  return { pixels, height, width, channels };
}
