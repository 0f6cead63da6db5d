import { expect, test } from 'vitest';
import { Interrupted } from '@selfsup/kit/stage';
import type { Json } from '@selfsup/models/checkpoint';
import { onceOver, partsIn, passOver, unkept, type Parts } from './parts.ts';

interface Batch {
  readonly number: number;
  readonly labels: readonly number[];
}

const COUNT = 10;
/** Sums whose last bits depend on their order. */
const value = ({ number }: Batch): number => 1 / (number + 3) ** 3;

/** Ten batches of two images, the last of one; asked to stop after `window` of them. */
function batches(window: number, seen: number[]) {
  return async function* (startBatch: number, every: number): AsyncIterable<Batch> {
    for (let number = startBatch; number < COUNT; number += every) {
      if (number === startBatch + window) throw new Interrupted('Asked to stop.');
      seen.push(number);
      yield { number, labels: number === COUNT - 1 ? [0] : [0, 0] };
    }
  };
}

function pass(parts: Parts, window: number, seen: number[] = []) {
  return passOver(parts, {
    name: 'test',
    batches: batches(window, seen),
    measure: (batch) => ({ value: value(batch), number: batch.number }),
    zero: { sum: 0, numbers: [] as number[] },
    add(sums, found) {
      sums.sum += found.value;
      sums.numbers.push(found.number);
    },
  });
}

test.each([1, 2, 3, 7, 10])('in windows of %i batches each is gone over once, to the same bits', async (window) => {
  const whole = await pass(unkept, COUNT + 1);
  const seen: number[] = [];
  let saved: { kept?: Json } = {};
  let runs = 0;
  let sums: object | undefined;
  while (sums === undefined) {
    // As a live checkpoint is: through JSON.
    const state = JSON.parse(JSON.stringify(saved)) as { kept?: Json };
    runs += 1;
    sums = await pass(
      partsIn(state, async () => undefined),
      window,
      seen,
    ).catch((error: Error) => {
      expect(error).toBeInstanceOf(Interrupted);
      saved = state;
      return undefined;
    });
  }
  expect(sums).toEqual(whole);
  expect(whole.numbers).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(runs).toBe(Math.ceil(COUNT / window));
});

test('a pass that has ended is not gone over again, and another name is another pass', async () => {
  const state: { kept?: Json } = {};
  const parts = partsIn(state, async () => undefined);
  const first = await pass(parts, COUNT + 1);
  const seen: number[] = [];
  expect(await pass(parts, COUNT + 1, seen)).toEqual(first);
  expect(seen).toEqual([]);
  let asked = 0;
  const work = async () => ({ answer: (asked += 1) });
  expect([await onceOver(parts, 'other', work), await onceOver(parts, 'other', work)]).toEqual([
    { answer: 1 },
    { answer: 1 },
  ]);
  expect(Object.keys(state.kept as object)).toEqual(['test', 'other']);
});

test('a pass ends when that is enough', async () => {
  const seen: number[] = [];
  await passOver(unkept, {
    name: 'test',
    batches: batches(COUNT + 1, seen),
    measure: () => undefined,
    zero: { batches: 0 },
    add: (sums) => void (sums.batches += 1),
    isEnough: (sums) => sums.batches === 3,
  });
  expect(seen).toEqual([0, 1, 2]);
});

test('sums that JSON cannot hold are made again from the beginning', async () => {
  const seen: number[] = [];
  const run = (state: { kept?: Json }, window: number): Promise<{ sum: number }> =>
    passOver(
      partsIn(state, async () => undefined),
      {
        name: 'test',
        batches: batches(window, seen),
        measure: ({ number }) => number,
        zero: { sum: 0 },
        add: (sums, number) => void (sums.sum += number === 4 ? Infinity : 1),
      },
    );
  const state: { kept?: Json } = {};
  await expect(run(state, 6)).rejects.toThrow(Interrupted);
  const restored = JSON.parse(JSON.stringify(state)) as { kept?: Json };
  expect(await run(restored, COUNT + 1)).toEqual({ sum: Infinity });
  expect(seen).toEqual([0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

test('sums that were given out may be changed', async () => {
  const parts = partsIn({}, async () => undefined);
  const first = await pass(parts, COUNT + 1);
  const { sum } = first;
  first.sum = 0;
  expect((await pass(parts, COUNT + 1)).sum).toBe(sum);
});

test('each part is offered to be saved', async () => {
  let saves = 0;
  await pass(
    partsIn({}, async () => void (saves += 1)),
    COUNT + 1,
  );
  expect(saves).toBe(COUNT + 1);
});
