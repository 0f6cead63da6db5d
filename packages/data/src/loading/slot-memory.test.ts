import { expect, test } from 'vitest';
import { collectGarbage } from '../testing/collect-garbage.ts';
import { giveBackSlots, takeSlots } from './slot-memory.ts';

/** Those of one size that no other test takes. */
const sizesOf = (slots: readonly SharedArrayBuffer[]): number[] => slots.map(({ byteLength }) => byteLength);

test('what was given back is taken again, by one alone, and new memory where it does not suffice', () => {
  const first = takeSlots(3, 1000);
  expect(sizesOf(first)).toEqual([1000, 1000, 1000]);
  giveBackSlots(first);
  const [two, more] = [takeSlots(2, 800), takeSlots(2, 800)];
  expect(sizesOf(two)).toEqual([1000, 1000]);
  expect(sizesOf(more)).toEqual([1000, 800]);
  expect(new Set([...two, ...more]).size).toBe(4);
  expect(first).toEqual(expect.arrayContaining([...two, more[0]]));
});

test('of the pieces that are large enough the smallest is taken', () => {
  const [large, small, fitting] = [9000, 5000, 7000].map((bytes) => takeSlots(1, bytes)[0]!);
  giveBackSlots([large!, small!, fitting!]);
  expect(takeSlots(1, 6000)).toEqual([fitting]);
  expect(takeSlots(1, 8000)).toEqual([large]);
  expect(takeSlots(1, 5000)).toEqual([small]);
});

test('memory that was given back is not kept from being collected', async () => {
  const held = process.memoryUsage().arrayBuffers;
  giveBackSlots(takeSlots(2, 64e6));
  expect(process.memoryUsage().arrayBuffers).toBeGreaterThan(held + 100e6);
  await new Promise((resolve) => setTimeout(resolve)); // a reference that was made is kept until then
  collectGarbage();
  expect(process.memoryUsage().arrayBuffers).toBeLessThan(held + 10e6);
});
