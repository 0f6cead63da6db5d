/** A name that stands in WebP files at a place. */
const named = (bytes: Uint8Array, from: number): string => String.fromCharCode(...bytes.subarray(from, from + 4));

const isWebp = (bytes: Uint8Array): boolean => named(bytes, 0) === 'RIFF' && named(bytes, 8) === 'WEBP';

/** Width and height in pixels of a PNG or WebP file, from its header. Throws `TypeError` for a file that is neither. */
export function pictureSize(bytes: Uint8Array): { readonly width: number; readonly height: number } {
  if (bytes[0] === 0x89 && bytes.length >= 24) {
    const header = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return { width: header.getUint32(16), height: header.getUint32(20) };
  }
  if (bytes.length < 30 || !isWebp(bytes)) throw new TypeError('A picture of a report is a PNG or WebP file.');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const kind = named(bytes, 12);
  if (kind === 'VP8 ') return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
  if (kind === 'VP8L') {
    const bits = view.getUint32(21, true);
    return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
  }
  const three = (from: number): number => view.getUint16(from, true) + (bytes[from + 2]! << 16) + 1;
  return { width: three(24), height: three(27) };
}

/** Bytes of a PNG or WebP file as an address that a page can show without loading anything. */
export function pictureUri(bytes: Uint8Array): string {
  return `data:image/${isWebp(bytes) ? 'webp' : 'png'};base64,${Buffer.from(bytes).toString('base64')}`;
}
