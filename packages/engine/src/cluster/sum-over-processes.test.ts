import { describe, expect, test } from 'vitest';
import { sha256 } from '@selfsup/kit/files';
import { shieldVariables } from './shield.ts';
import { partOf } from '../testing/summands.ts';
import { runTogether } from '../testing/together.ts';

const program = new URL('../testing/summing-process.ts', import.meta.url);
const lengths = [1, 63, 64, 65, 1000, 100_003];

/** The sum of a balanced binary tree over the ranks, in float32. */
function treeSum(ranks: readonly number[], length: number): Float32Array {
  if (ranks.length === 1) return partOf(ranks[0]!, length);
  const half = ranks.length / 2;
  const [left, right] = [treeSum(ranks.slice(0, half), length), treeSum(ranks.slice(half), length)];
  return left.map((value, i) => Math.fround(value + right[i]!));
}

const together = { inMemory: true };
test.each<[number, { inMemory: boolean; apart?: string }]>([
  [1, { inMemory: false }],
  [2, together],
  [4, together],
  [2, { apart: '0', inMemory: false }],
  // As on two machines, of two processes each.
  [4, { apart: '1', inMemory: true }],
])('%i processes add as one does that goes along the tree, to the bit: %o', async (size, { apart = '', inMemory }) => {
  const ends = await runTogether(program, size, lengths.map(String), { env: apart === '' ? {} : { APART: apart } });
  const expected = lengths.map((length) => {
    const mean = treeSum([...Array(size).keys()], length).map((value) => value / size);
    return `${length} ${sha256(new Uint8Array(mean.buffer))}`;
  });
  for (const { code, output } of ends) {
    expect(code, output).toBe(0);
    expect(output.trim().split('\n')).toEqual([...expected, `in memory: ${inMemory}`]);
  }
});

test('the order of adding tells: other trees have other sums', () => {
  expect(treeSum([0, 2, 1, 3], 1000)).not.toEqual(treeSum([0, 1, 2, 3], 1000));
});

describe.each([
  ['in memory', {}],
  ['by messages', { APART: '0' }],
])('of two that add %s', (_, env) => {
  test.each(['1', '100003'])(
    'one is gone: the other ends with code 75 at once, also where they add few numbers: %s',
    async (length) => {
      const [first, second] = await runTogether(program, 2, ['1000', 'SIGKILL:1', length], { env });
      expect(second!.signal).toBe('SIGKILL');
      expect(first!.code, first!.output).toBe(75);
      expect(first!.output).toContain(`A process was lost at vector ${length}.`);
      // ABORTED or UNAVAILABLE, whoever notices it first; not 4, DEADLINE_EXCEEDED, which comes after a minute.
      expect(first!.output).toMatch(/TF_Status: (?:10|14)$/m);
    },
  );

  test('one is gone before it adds for the first time: the other does not wait for it', async () => {
    const [first] = await runTogether(program, 2, ['SIGKILL:1', '1000'], { env });
    expect(first!.code, first!.output).toBe(75);
    expect(first!.output).toMatch(/^A process was lost .* TF_Status: 10$/m);
  });

  test('one stands still, and is given up after a time', async () => {
    const [first] = await runTogether(program, 2, ['1000', 'SIGSTOP:1', '2000'], {
      env: { ...env, SECONDS: '5' },
      onLine: (line, rank, kill) => void (rank === 0 && line.startsWith('A process was lost') && kill(1)),
    });
    expect(first!.code, first!.output).toBe(75);
    expect(first!.output).toContain('TF_Status: 4');
  });
});

test('what they listen on cannot be reached from other machines', async () => {
  const shield = shieldVariables({})!;
  const listening: string[][] = [];
  await runTogether(program, 2, ['1000', '2000'], {
    env: { LD_PRELOAD: shield['LD_PRELOAD']! },
    onLine: (line) => void (line.startsWith('listening') && listening.push(line.split(' ').slice(1))),
  });
  expect(listening).toHaveLength(2);
  for (const addresses of listening) {
    expect(addresses.length).toBeGreaterThan(0);
    for (const address of addresses) expect(address).toMatch(/^(0100007F|0000000000000000FFFF00000100007F):/);
  }
});
