import { describe, expect, it } from 'vitest';
import { userError } from '../testing/workplace.ts';
import { onceEach } from './once-each.ts';

const entries = ['a', 'b', 'c'].map((path) => ({ split: 'train', label: 0, path }));

async function all(order: readonly number[], wanted: (entry: number) => boolean = () => true): Promise<number[]> {
  async function* images() {
    for (const entry of order) if (wanted(entry)) yield Promise.resolve({ entry, encoded: new Uint8Array() });
  }
  const came: number[] = [];
  for await (const { entry } of onceEach({ entries, images }, wanted)) came.push(entry);
  return came;
}

describe('onceEach', () => {
  it('passes on what is wanted, in the order in which it comes', async () => {
    expect(await all([2, 0, 1])).toEqual([2, 0, 1]);
    expect(await all([2, 0, 1], (entry) => entry !== 0)).toEqual([2, 1]);
  });

  it('names an image that comes twice or never', async () => {
    expect(await userError(all([0, 1, 0, 2]))).toMatch(/train: a is in the source twice/);
    expect(await userError(all([0]))).toMatch(/2 listed images were not found in the source, such as train: b/);
  });
});
