import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { startPool, type WorkerPool } from './worker-pool.ts';

const script = new URL('../testing/thread-worker.ts', import.meta.url);
const pool = (setup: string, count = 1): WorkerPool<string, string> => startPool(count, script, setup);

/** What a pool of one answers to these, one after the other, and the thread that answered last. */
async function answers(setup: string, ...requests: string[]): Promise<{ said: string[]; thread: string }> {
  const one = pool(setup);
  const all = await Promise.all(requests.map((request) => one.ask(request).catch((error: Error) => error.message)));
  await one.close();
  const thread = all.at(-1)!.split(' ').at(-1)!;
  return { said: all.map((text) => text.replace(/ \d+$/, '')), thread };
}

test('a thread serves one pool after another, each with its own setup; an error of one request is of that one', async () => {
  const first = await answers('a', 'x', 'throw', 'y');
  expect(first.said).toEqual(['a x', 'In a worker: asked to', 'a y']);
  expect(await answers('b', 'x')).toEqual({ said: ['b x'], thread: first.thread });
  const [one, two] = [pool('one'), pool('two')];
  const [ofOne, ofTwo] = await Promise.all([one.ask('x'), two.ask('x')]);
  expect(ofOne).toBe(`one x ${first.thread}`);
  expect(ofTwo).toMatch(/^two x/);
  expect(ofTwo).not.toBe(`two x ${first.thread}`);
  await Promise.all([one.close(), two.close()]);
});

test('what is asked before a pool is closed is answered, what is asked after is refused', async () => {
  const one = pool('late', 2);
  const asked = ['x', 'y', 'z'].map((request) => one.ask(request));
  await one.close();
  await one.close();
  expect((await Promise.all(asked)).map((text) => text.split(' ')[1])).toEqual(['x', 'y', 'z']);
  await expect(one.ask('x')).rejects.toThrow('This pool is closed');
});

test('a setup that is refused is said to each request, and one that does not close to nobody; the thread stays', async () => {
  const { thread } = await answers('a', 'x');
  const refused = pool('refused');
  for (let again = 0; again < 2; again++) {
    await expect(refused.ask('x')).rejects.toMatchObject({
      name: 'UserError',
      field: 'setup',
      remedy: 'Take another.',
    });
  }
  await refused.close();
  await answers('does not close', 'x');
  expect(await answers('b', 'x')).toEqual({ said: ['b x'], thread });
});

test('a thread that ends rejects all that it was asked, and no other pool gets it', async () => {
  const { thread } = await answers('a', 'x');
  const ending = pool('a');
  const asked = ['x', 'end', 'y'].map((request) => ending.ask(request));
  const settled = await Promise.allSettled(asked);
  expect(settled[0]).toEqual({ status: 'fulfilled', value: `a x ${thread}` });
  for (const one of settled.slice(1))
    expect(String((one as PromiseRejectedResult).reason)).toMatch(/ended with code 3/);
  await expect(ending.ask('x')).rejects.toThrow('ended with code 3');
  await ending.close();
  const after = await answers('b', 'x', 'crash later');
  expect(after.thread).not.toBe(thread);
  await sleep(500); // it fails while no pool has it
  const last = await answers('c', 'x');
  expect(last.said).toEqual(['c x']);
  expect(last.thread).not.toBe(after.thread);
});
