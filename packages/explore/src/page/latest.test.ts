import { expect, test } from 'vitest';
import { latest } from './latest.ts';

test('what is asked for while work is done is done once more, whatever the number of times', async () => {
  const begun: number[] = [];
  let wanted = 0;
  let finish = (): void => undefined;
  const ask = latest(() => {
    begun.push(wanted);
    return new Promise((done) => (finish = done));
  });
  const all = [1, 2, 3].map((value) => {
    wanted = value;
    return ask();
  });
  expect(begun).toEqual([1]);
  finish();
  await new Promise((soon) => setImmediate(soon));
  expect(begun).toEqual([1, 3]);
  finish();
  await Promise.all(all);
  wanted = 4;
  void ask();
  expect(begun).toEqual([1, 3, 4]);
});

test('work that fails fails for all who asked, and can be asked for again', async () => {
  let fails = true;
  const ask = latest(async () => {
    await Promise.resolve();
    if (fails) throw new Error('no memory');
  });
  await expect(Promise.all([ask(), ask()])).rejects.toThrow('no memory');
  fails = false;
  await ask();
});
