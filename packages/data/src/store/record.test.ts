import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { copyRawPixels, decodeRecord, encodeRecord, verifiedChecksum } from './record.ts';

const record = {
  encoding: 'raw' as const,
  height: 2,
  width: 3,
  channels: 1,
  label: -1,
  path: 'train/ü.jpg',
  annotations: '{"boxes":[[1,2,3,4]]}',
  payload: Uint8Array.of(1, 2, 3, 250, 251, 255),
  mask: Uint8Array.of(9, 8, 7),
};

describe('record', () => {
  it('comes back as it was stored', () => {
    const back = decodeRecord(encodeRecord(record), 'k');
    expect({ ...back, payload: Uint8Array.from(back.payload), mask: Uint8Array.from(back.mask) }).toEqual(record);
  });

  it('carries half a sha256 over all bytes but itself', () => {
    const bytes = encodeRecord(record);
    const others = Buffer.concat([bytes.subarray(0, 32), bytes.subarray(48)]);
    expect(verifiedChecksum(bytes, 'k')).toBe(createHash('sha256').update(others).digest('hex').slice(0, 32));
  });

  it('notices any flipped byte', () => {
    const bytes = encodeRecord(record);
    for (let i = 0; i < bytes.length; i++) {
      const flipped = Buffer.from(bytes);
      flipped[i]! ^= 1;
      expect(() => verifiedChecksum(flipped, 'image/train/7')).toThrow(/image\/train\/7 .* checksum/);
    }
  });

  it('refuses a record that is cut, of another format or of another size', () => {
    const bytes = encodeRecord(record);
    const other = Buffer.from(bytes);
    other[0] = 9;
    expect(() => decodeRecord(bytes.subarray(0, 60), 'k')).toThrow(/damaged/);
    expect(() => decodeRecord(bytes.subarray(0, 3), 'k')).toThrow(/damaged/);
    expect(() => decodeRecord(other, 'k')).toThrow(/unknown format/);
    expect(() => copyRawPixels(bytes, 5, new Uint8Array(9), 0, 'k')).toThrow(/5 bytes/);
  });
});
