import { expect, test } from 'vitest';
import { dataSize, duration } from './units.ts';

test.each([
  [0.42, '0.4 s'],
  [42.4, '42 s'],
  [59.6, '1 min'],
  [200, '3 min 20 s'],
  [720, '12 min'],
  [7500, '2 h 5 min'],
  [12_600, '3 h 30 min'],
  [345_600, '4 days'],
  [388_800, '4.5 days'],
])('%d s is %s', (seconds, text) => {
  expect(duration(seconds)).toBe(text);
});

test.each([
  [0, '0 bytes'],
  [999, '999 bytes'],
  [1499, '1 kB'],
  [999_499, '999 kB'],
  [999_500, '1 MB'],
  [38_400_000, '38 MB'],
  [999_500_000, '1.0 GB'],
  [1_249_000_000, '1.2 GB'],
])('%d bytes are %s', (bytes, text) => {
  expect(dataSize(bytes)).toBe(text);
});
