import { expect, test } from 'vitest';
import { Interrupted } from '@selfsup/kit/stage';
import { runGraph } from './graph.ts';

/** Two chains `a1 -> a2` and `b1 -> b2`, and `end` that needs both. */
const needs: Record<string, string[]> = { a1: [], a2: ['a1'], b1: [], b2: ['b1'], end: ['a2', 'b2'] };
const needsOf = (item: string): string[] => needs[item]!;

/** Runs it and gives the order of beginnings (`+`) and ends (`-`), and the most that ran at once. */
async function run(atOnce: number, fails: Record<string, Error> = {}, goesOn = false) {
  const log: string[] = [];
  let now = 0;
  let most = 0;
  const result = await runGraph(Object.keys(needs), needsOf, { atOnce, goesOn }, async (item) => {
    log.push(`+${item}`);
    most = Math.max(most, ++now);
    for (let i = 0; i < 3; i++) await Promise.resolve();
    now -= 1;
    log.push(`-${item}`);
    if (fails[item] !== undefined) throw fails[item];
  }).catch((error: Error) => ({ error }));
  return { log: log.join(' '), most, result };
}

test('one at a time, in their order', async () => {
  const { log, most, result } = await run(1);
  expect(log).toBe('+a1 -a1 +a2 -a2 +b1 -b1 +b2 -b2 +end -end');
  expect(most).toBe(1);
  expect(result).toEqual({ failed: new Map(), leftOut: [] });
});

test('several at once, each after what it needs', async () => {
  const { log, most } = await run(5);
  expect(log).toMatch(/^\+a1 \+b1 /);
  expect(most).toBe(2);
  for (const [item, before] of Object.entries(needs))
    for (const need of before) expect(log.indexOf(`-${need}`)).toBeLessThan(log.indexOf(`+${item}`));
});

test('a failure ends it, after what is begun has ended', async () => {
  const { log, result } = await run(2, { a1: new Error('no') });
  expect(log).toBe('+a1 +b1 -a1 -b1');
  expect(result).toEqual({ error: new Error('no') });
});

test('where it goes on, only what needs the failed one is left out', async () => {
  const error = new Error('no');
  const { log, result } = await run(1, { a1: error }, true);
  expect(log).toBe('+a1 -a1 +b1 -b1 +b2 -b2');
  expect(result).toEqual({ failed: new Map([['a1', error]]), leftOut: ['a2', 'end'] });
});

test('a stop ends it even then', async () => {
  const { log, result } = await run(1, { a2: new Interrupted('Stopped.') }, true);
  expect(log).toBe('+a1 -a1 +a2 -a2');
  expect(result).toMatchObject({ error: { name: 'Interrupted' } });
});

test('what is needed and not among them counts as done', async () => {
  const done: string[] = [];
  await runGraph(['a2'], needsOf, { atOnce: 1, goesOn: false }, async (item) => void done.push(item));
  expect(done).toEqual(['a2']);
});
