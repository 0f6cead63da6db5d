/**
 * The EXIF orientation of a JPEG, 1 to 8; 1 (upright) where it has none or one that cannot be read.
 *
 * @param jpeg the bytes of a JPEG
 */
export function exifOrientation(jpeg: Uint8Array): number {
  const bytes = Buffer.from(jpeg.buffer, jpeg.byteOffset, jpeg.byteLength);
  // Segments until the first scan: 0xFF, a marker, two bytes of length that count themselves.
  for (let at = 2; at + 4 <= bytes.length && bytes[at] === 0xff;) {
    const marker = bytes[at + 1]!;
    if (marker === 0xff) {
      at++; // padding
      continue;
    }
    if (marker === 0xda || marker === 0xd9) return 1;
    const length = bytes.readUInt16BE(at + 2);
    if (marker === 0xe1 && bytes.toString('latin1', at + 4, at + 10) === 'Exif\0\0') {
      return tiffOrientation(bytes.subarray(at + 10, at + 2 + length));
    }
    at += 2 + length;
  }
  return 1;
}

/** Tag 0x0112 in the first directory of a TIFF structure. */
function tiffOrientation(tiff: Buffer): number {
  const little = tiff.toString('latin1', 0, 2) === 'II';
  const u16 = (at: number): number =>
    at + 2 > tiff.length ? 0 : little ? tiff.readUInt16LE(at) : tiff.readUInt16BE(at);
  const u32 = (at: number): number =>
    at + 4 > tiff.length ? 0 : little ? tiff.readUInt32LE(at) : tiff.readUInt32BE(at);
  if (u16(2) !== 42) return 1;
  const directory = u32(4);
  for (let i = 0, entry = directory + 2; i < u16(directory); i++, entry += 12) {
    if (u16(entry) !== 0x0112) continue;
    const orientation = u16(entry + 8);
    return orientation >= 1 && orientation <= 8 ? orientation : 1;
  }
  return 1;
}
