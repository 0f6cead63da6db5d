import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort, joinCluster } from '@selfsup/engine/cluster';
import { agree } from './agree.ts';

const keyParts = { uses: 'tasks/x', seed: 1, config: { epochs: 2 }, needs: { dataset: 'd1' }, code: 'c1' };
const code = { key: 'c1', files: {}, packages: {}, declarations: { 'a.ts': { rate: 'r1', other: 'o' } } };
const place = { cpu: 'one', threads: 1 };
const warnings: string[] = [];
let second: Socket;
const says = (message: object): unknown => second.write(`${JSON.stringify(message)}\n`);

/** This process becomes the first of two; the second is played. */
beforeAll(async () => {
  const port = await freePort();
  const purpose = 'toy pretrain';
  const joined = joinCluster({ rank: 0, size: 2, localRank: 0, host: '127.0.0.1', port, job: 'toy' }, { purpose });
  for (let isThere = false; !isThere;) {
    second = connect(port, '127.0.0.1');
    isThere = await once(second, 'connect').then(
      () => true,
      () => sleep(20, false), // the first does not listen yet
    );
  }
  says({ job: 'toy', rank: 1, size: 2, purpose, port: 1 });
  await joined;
});
afterAll(() => void second.destroy());

function agreeWith(answer: object): Promise<void> {
  says(answer);
  const session = { progress: () => ({ warn: (text: string) => warnings.push(text) }) };
  const prepared = { config: { replicas: 2 } };
  return agree(
    session as never,
    { label: 'toy' } as never,
    { key: 'k', keyParts, code, place } as never,
    prepared as never,
  );
}

test.each<[string, object, object, string]>([
  ['config', { config: { epochs: 3 } }, {}, 'config: epochs: 2 -> 3'],
  [
    'code',
    { code: 'c2' },
    { key: 'c2', declarations: { 'a.ts': { rate: 'r2', other: 'o' } } },
    'code: rate in a.ts was changed',
  ],
  ['data', { needs: { dataset: 'd2' } }, {}, "needs: the result that fills 'dataset' is another one"],
  [
    'all',
    { seed: 2, config: { epochs: 3, a: 1, b: 2 } },
    {},
    'seed: 1 -> 2; config: epochs: 2 -> 3; config: a: absent -> 1; and 1 more',
  ],
])('a process of other %s is refused by what differs', async (_, parts, codes, words) => {
  const answer = { key: 'another', keyParts: { ...keyParts, ...parts }, code: { ...code, ...codes }, place };
  await expect(agreeWith(answer)).rejects.toThrow(`Process 1 would compute something else than the first: ${words}`);
});

test('a process that does not see the results of the stages before is refused', async () => {
  await expect(agreeWith({})).rejects.toThrow('Process 1 would compute something else than the first: needs that it');
});

test('one of another processor is warned about', async () => {
  await agreeWith({ key: 'k', keyParts, place: { ...place, cpu: 'two' } });
  expect(warnings).toEqual([expect.stringMatching(/Process 1 is in another place \(cpu: "one" -> "two"\)/)]);
});
