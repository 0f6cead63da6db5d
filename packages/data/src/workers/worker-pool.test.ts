import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Worker } from 'node:worker_threads';
import { afterAll, expect, test } from 'vitest';
import { startPool, type WorkerPool } from './worker-pool.ts';

const script = new URL('../testing/thread-worker.ts', import.meta.url);
const pool = (setup: string, count = 1): WorkerPool<string, string> => startPool(count, script, setup);

/** All threads that were started, in their order. */
const started: Worker[] = [];
const count = (worker: Worker): void => void started.push(worker);
process.on('worker', count);
afterAll(() => process.off('worker', count));

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
  const said: string[] = [];
  for (const request of ['x', 'y', 'z']) void one.ask(request).then((text) => said.push(text.split(' ')[1]!));
  // Whoever closes it again waits too.
  await Promise.race([one.close(), one.close()]);
  expect(said.sort()).toEqual(['x', 'y', 'z']);
  await one.close();
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
  expect((await answers('b', 'x')).thread).not.toBe(thread);
});

test('a thread that ends while its pool is closed is not given to another', async () => {
  const { thread } = await answers('ends at its close', 'x');
  const next = await answers('a', 'x');
  expect(next.said).toEqual(['a x']);
  expect(next.thread).not.toBe(thread);
});

test('a thread that crashes while no pool has it is not given to one', async () => {
  const { thread } = await answers('crashes later', 'x');
  const crashing = started.find(({ threadId }) => String(threadId) === thread)!;
  await new Promise((resolve) => crashing.once('exit', resolve));
  const next = await answers('a', 'x');
  expect(next.said).toEqual(['a x']);
  expect(next.thread).not.toBe(thread);
});

test('what cannot be sent is refused, and leaves the threads as they were', async () => {
  const { thread } = await answers('a', 'x');
  const unsendable = (() => undefined) as unknown as string;
  expect(() => pool(unsendable, 2)).toThrow(/could not be cloned/);
  const one = pool('b');
  await expect(one.ask(unsendable)).rejects.toThrow(/could not be cloned/);
  expect(await one.ask('x')).toBe(`b x ${thread}`);
  await one.close();
});

test('a thread that was started for what cannot be sent is there for the next pool', async () => {
  const own = new URL('../testing/thread-worker.ts?of-this-test', import.meta.url);
  const before = started.length;
  expect(() => startPool(1, own, () => undefined)).toThrow(/could not be cloned/);
  const next = startPool<string, string>(1, own, 'a');
  expect(await next.ask('x')).toMatch(/^a x/);
  await next.close();
  expect(started.length - before).toBe(1);
});

test('a thread that no pool takes holds nothing that was shared with it', async () => {
  setFlagsFromString('--expose-gc'); // given to contexts that are made from now on
  const collectGarbage = runInNewContext('gc') as () => void;
  const held = (): number => (collectGarbage(), process.memoryUsage().arrayBuffers);
  const before = held();
  const use = async (): Promise<void> => {
    const sharing = startPool<string, string>(2, script, new SharedArrayBuffer(100e6));
    await Promise.all([sharing.ask('x'), sharing.ask('y')]);
    expect(held()).toBeGreaterThan(before + 90e6);
    await sharing.close();
  };
  await use();
  // A thread collects its garbage before it shows its heap.
  for (const worker of started.filter(({ threadId }) => threadId > 0)) (await worker.getHeapSnapshot()).destroy();
  await expect.poll(held).toBeLessThan(before + 10e6);
});

test('one that is not closed, with threads that were asked nothing, keeps no process alive', async () => {
  const child = fileURLToPath(new URL('../testing/pool-child.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', child], { timeout: 110_000 });
  expect(stdout).toBe('child x\n');
});
