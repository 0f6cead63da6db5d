import { expect, test } from 'vitest';
import { giveBackSlots, takeSlots } from './slot-memory.ts';

const sizesOf = (slots: readonly SharedArrayBuffer[]): number[] => slots.map(({ byteLength }) => byteLength);
/** How many of them are the same memory as one of the others; `toEqual` holds any two for equal. */
const sameAs = (slots: readonly SharedArrayBuffer[], others: readonly SharedArrayBuffer[]): number =>
  slots.filter((slot) => others.includes(slot)).length;

test('what was given back is taken again, by one alone, and new memory where it does not suffice', () => {
  const first = takeSlots(3, 1000);
  expect(sizesOf(first)).toEqual([1024, 1024, 1024]);
  expect(new Set(first).size).toBe(3);
  giveBackSlots(first);
  const [two, more] = [takeSlots(2, 1024), takeSlots(2, 513)];
  expect([sameAs(two, first), sameAs(more, first)]).toEqual([2, 1]);
  expect(sizesOf([...two, ...more])).toEqual([1024, 1024, 1024, 1024]);
  expect(new Set([...two, ...more]).size).toBe(4);
});

test('no small batch takes the memory of a large one, nor the other way', () => {
  const large = takeSlots(1, 9000);
  giveBackSlots(large);
  const small = takeSlots(1, 10);
  expect(sizesOf(small)).toEqual([16]);
  giveBackSlots(small);
  expect(sizesOf(takeSlots(1, 8193))).toEqual([16_384]);
  expect(sameAs(takeSlots(1, 9), small)).toBe(1);
});

test('over loaders of any sizes no more memory comes together than four times that of the largest', () => {
  const all = new Set<SharedArrayBuffer>();
  for (let bytes = 40_000; bytes < 70_000; bytes += 777) {
    const slots = takeSlots(7, bytes);
    for (const slot of slots) all.add(slot);
    giveBackSlots(slots);
  }
  expect(sizesOf([...all]).reduce((a, b) => a + b)).toBeLessThan(4 * 7 * 70_000);
});
