import type { Picture } from '../native/pictures.ts';

/** Whether bytes start as a BMP does: `BM`, and a header of a size that there is. */
export function isBmp(bytes: Uint8Array): boolean {
  if (bytes.length < 26 || bytes[0] !== 0x42 || bytes[1] !== 0x4d) return false;
  return [12, 40, 52, 56, 64, 108, 124].includes(viewOf(bytes).getUint32(14, true));
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Size of a BMP and the form of its pixels. Throws `Error` for a form that is not read. */
interface Header {
  readonly height: number;
  readonly width: number;
  /** Rows from the bottom up, as usual. */
  readonly fromBelow: boolean;
  readonly bits: number;
  readonly pixelsAt: number;
  readonly paletteAt: number;
  readonly paletteEntryBytes: number;
  readonly colours: number;
  /** Where red, green and blue are in a pixel of 16 or 32 bits. */
  readonly masks: readonly number[];
}

/** Bits a pixel of the BMPs that are read. */
const depths = [1, 4, 8, 16, 24, 32];

function headerOf(bytes: Uint8Array): Header {
  const view = viewOf(bytes);
  const pixelsAt = view.getUint32(10, true);
  const headerBytes = view.getUint32(14, true);
  // With the masks that may follow the shorter headers.
  if (bytes.length < 14 + headerBytes + (headerBytes === 40 ? 12 : 0)) throw new Error('the BMP is cut off');
  if (headerBytes === 12) {
    const [width, height, bits] = [view.getUint16(18, true), view.getUint16(20, true), view.getUint16(24, true)];
    const form = {
      fromBelow: true,
      bits,
      pixelsAt,
      paletteAt: 26,
      paletteEntryBytes: 3,
      colours: 2 ** bits,
      masks: [],
    };
    return { height, width, ...form };
  }
  const [width, height] = [view.getInt32(18, true), view.getInt32(22, true)];
  const [bits, compression] = [view.getUint16(28, true), view.getUint32(30, true)];
  const masked = compression === 3 || compression === 6;
  if (compression !== 0 && !masked) throw new Error(`a BMP of compression ${compression} is not read`);
  const masks = masked
    ? [54, 58, 62].map((at) => view.getUint32(at, true))
    : bits === 16
      ? [0x7c00, 0x3e0, 0x1f]
      : [0xff0000, 0xff00, 0xff];
  const paletteAt = 14 + headerBytes + (masked && headerBytes === 40 ? 12 : 0);
  const colours = view.getUint32(46, true) || 2 ** bits;
  const form = { fromBelow: height > 0, bits, pixelsAt, paletteAt, paletteEntryBytes: 4, colours, masks };
  return { height: Math.abs(height), width, ...form };
}

/** Height and width of a BMP. Throws `Error` for a form that is not read. */
export function bmpSize(bytes: Uint8Array): { height: number; width: number } {
  const { height, width, bits } = headerOf(bytes);
  if (!depths.includes(bits)) throw new Error(`a BMP of ${bits} bits a pixel is not read`);
  if (height < 1 || width < 1) throw new Error(`a BMP of ${width} × ${height} pixels`);
  return { height, width };
}

/** The part of a pixel under a mask, as 0..255. */
function channelOf(mask: number): (pixel: number) => number {
  if (mask === 0) return () => 0;
  const shift = 31 - Math.clz32(mask & -mask);
  const most = mask >>> shift;
  return (pixel) => Math.floor((((pixel & mask) >>> shift) * 255) / most);
}

/**
 * The pixels of an uncompressed BMP, 1 to 32 bits a pixel, palette or masks, as RGB; alpha is dropped. Throws `Error` where it
 * is cut off or of another form.
 */
export function decodeBmp(bytes: Uint8Array): Picture {
  const { height, width } = bmpSize(bytes);
  const { fromBelow, bits, pixelsAt, paletteAt, paletteEntryBytes, colours, masks } = headerOf(bytes);
  const view = viewOf(bytes);
  const rowBytes = Math.ceil((width * bits) / 32) * 4;
  if (pixelsAt + rowBytes * height > bytes.length) {
    throw new Error(`the BMP is cut off: ${bytes.length} bytes instead of ${pixelsAt + rowBytes * height}`);
  }
  const pixels = new Uint8Array(height * width * 3);
  const [red, green, blue] = masks.map(channelOf);
  for (let y = 0; y < height; y++) {
    const row = pixelsAt + (fromBelow ? height - 1 - y : y) * rowBytes;
    for (let x = 0; x < width; x++) {
      const to = 3 * (y * width + x);
      if (bits === 24) {
        for (let c = 0; c < 3; c++) pixels[to + c] = bytes[row + 3 * x + 2 - c]!;
      } else if (bits === 16 || bits === 32) {
        const pixel = bits === 16 ? view.getUint16(row + 2 * x, true) : view.getUint32(row + 4 * x, true);
        pixels.set([red!(pixel), green!(pixel), blue!(pixel)], to);
      } else {
        const byte = bytes[row + Math.floor((x * bits) / 8)]!;
        const index = (byte >> (8 - bits - ((x * bits) % 8))) & (2 ** bits - 1);
        const entry = paletteAt + index * paletteEntryBytes;
        if (index >= colours || entry + 3 > bytes.length) throw new Error(`the BMP has no colour ${index}`);
        for (let c = 0; c < 3; c++) pixels[to + c] = bytes[entry + 2 - c]!;
      }
    }
  }
  return { pixels, height, width, channels: 3 };
}
