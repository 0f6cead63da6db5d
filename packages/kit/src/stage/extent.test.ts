import { expect, test } from 'vitest';
import { UserError } from '../errors.ts';
import { dryRun, firstOf, wholeWork } from './extent.ts';

const refusal = new UserError('300 clusters of 200 images');

test('the whole does what is asked for, and refuses what there are too few images for', () => {
  expect(
    [wholeWork.epochs, wholeWork.batches, wholeWork.images, wholeWork.repeats].map((most) => Math.min(90, most)),
  ).toEqual([90, 90, 90, 90]);
  expect(wholeWork.fit(200, 200, () => refusal)).toBe(200);
  expect(() => wholeWork.fit(300, 200, () => refusal)).toThrow(refusal);
  expect(wholeWork.fit(300, 200)).toBe(300); // refused elsewhere
  expect(() => wholeWork.tooFew(refusal)).toThrow(refusal);
});

test('a dry run is two batches of one epoch, and takes what there is', () => {
  expect([dryRun.batches, dryRun.epochs]).toEqual([2, 1]);
  expect([dryRun.fit(300, 200, () => refusal), dryRun.fit(100, 200)]).toEqual([200, 100]);
  dryRun.tooFew(refusal);
});

test('no batch beyond the first ones is asked for', async () => {
  const asked: number[] = [];
  async function* batches() {
    for (const batch of [1, 2, 3, 4]) {
      asked.push(batch);
      yield await Promise.resolve(batch);
    }
  }
  const taken: number[] = [];
  for await (const batch of firstOf(batches(), 2)) taken.push(batch);
  for await (const batch of firstOf(batches(), Infinity)) taken.push(batch);
  expect(taken).toEqual([1, 2, 1, 2, 3, 4]);
  expect(asked).toEqual([1, 2, 1, 2, 3, 4]);
});
