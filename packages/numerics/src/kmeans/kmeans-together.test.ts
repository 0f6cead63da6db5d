import { expect, test } from 'vitest';
import { runTogether } from '@selfsup/engine/testing/together';

const program = new URL('../testing/clustering-together.ts', import.meta.url);

test('1, 2 and 4 processes find the same clusters to the bit, also when they go on from the middle', async () => {
  const told: string[] = [];
  for (const size of [1, 2, 4]) {
    for (const { code, output } of await runTogether(program, size, [])) {
      expect(code, output).toBe(0);
      told.push(output);
    }
  }
  // All processes know the result, not the first alone.
  expect(new Set(told).size).toBe(1);
  const [, twice, resumed] = /^twice (\w{64})\nresumed (\w{64})\n$/.exec(told[0]!)!;
  expect(resumed).toBe(twice);
}, 600_000);
