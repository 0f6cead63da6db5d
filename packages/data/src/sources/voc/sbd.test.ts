import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { sbdMask } from '../../testing/annotated.ts';
import { readSbdMask } from './sbd.ts';

const size = { height: 2, width: 3 };

it("reads SBD's MATLAB files, row by row, and refuses what does not fit", () => {
  const content = readFileSync(sbdMask);
  expect(readSbdMask(content, size, 21)).toEqual({ ...size, classes: Uint8Array.of(0, 15, 15, 0, 0, 2) });
  expect(() => readSbdMask(content, { height: 4, width: 3 }, 21)).toThrow(/has 6 pixels, the image 4 × 3/);
  expect(() => readSbdMask(content, size, 15)).toThrow(/index 15/);
  expect(() => readSbdMask(content, undefined, 21)).toThrow(/size of its image is not known/);
  expect(() => readSbdMask(content.subarray(0, 140), size, 21)).toThrow();
});
