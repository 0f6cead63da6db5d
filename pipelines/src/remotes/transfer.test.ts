import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { sha256 } from '@selfsup/kit/files';
import { faults, startFaultyServer, type FaultyServer } from '../testing/faulty-server.ts';
import { fetchObject } from './fetch-object.ts';
import { folderRemote } from './folder-remote.ts';
import { httpsRemote } from './https-remote.ts';
import { contentPath } from './record.ts';
import { bytesOf, fileContent, NotThere, textContent, type Remote } from './remote.ts';
import { persist, Unreachable, type Patience } from './retry.ts';
import { s3Remote } from './s3-remote.ts';

const patience: Patience = { attempts: 12, delay: 1, stall: 60 };
const part = 1000;
let root: string;
let server: FaultyServer;
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'remotes-'));
  server = await startFaultyServer();
  process.env['AWS_ACCESS_KEY_ID'] = process.env['AWS_SECRET_ACCESS_KEY'] = 'test';
});
afterEach(async () => {
  await server.close();
  rmSync(root, { recursive: true, force: true });
});

const s3 = (stall = 20_000): Remote => s3Remote('s3', 's3://bucket/below', { endpoint: server.url, part }, stall);
const folder = (): Remote => folderRemote('folder', join(root, 'remote'));
const web = (stall = 20_000): Remote => httpsRemote('web', `${server.url}/bucket/below/`, stall);

/** Numbers from 0 to 1 that are the same each time (Park and Miller's generator). */
function drawing(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}

async function again(work: () => Promise<unknown>): Promise<void> {
  for (let left = 20; ; left--) {
    try {
      return void (await work());
    } catch (error) {
      if (!(error instanceof Unreachable) || left === 0) throw error;
    }
  }
}

function blob(bytes: number, seed = 1): { file: string; ref: { sha256: string; bytes: number }; content: Buffer } {
  const draw = drawing(seed);
  const content = Buffer.from(Array.from({ length: bytes }, () => Math.floor(draw() * 256)));
  const file = join(root, `blob-${seed}`);
  writeFileSync(file, content);
  return { file, ref: { sha256: sha256(content), bytes }, content };
}

test.each([
  ['a folder', folder],
  ['a bucket', s3],
])('%s keeps what is written, whole, and never another under its path', async (_name, open) => {
  const remote = open();
  expect(await remote.size('results/a')).toBe(undefined);
  await expect(remote.read('results/a', 0)).rejects.toThrow(NotThere);
  expect(await remote.write!('results/a', textContent('first'))).toBe('written');
  expect(await remote.write!('results/a', textContent('other'))).toBe('there');
  expect((await bytesOf(await remote.read('results/a', 2))).toString()).toBe('rst');
  const { file, ref, content } = blob(3456);
  const writes = [1, 2].map(() => remote.write!(contentPath(ref.sha256), fileContent(file, ref.bytes, ref.sha256)));
  expect(await Promise.allSettled(writes)).toContainEqual({ status: 'fulfilled', value: 'written' });
  await fetchObject(remote, ref, join(root, 'to'));
  expect(readFileSync(join(root, 'to')).equals(content)).toBe(true);
  const listed: string[] = [];
  for await (const one of remote.list!('results/')) listed.push(`${one.path} ${one.bytes}`);
  expect(listed).toEqual(['results/a 5']);
  await remote.remove!('results/a');
  expect(await remote.size('results/a')).toBe(undefined);
});

test('what was cut goes on at its byte, to and from each kind of remote', async () => {
  const { file, ref, content } = blob(5000);
  const path = contentPath(ref.sha256);
  const whole = fileContent(file, ref.bytes, ref.sha256);
  const opened: number[] = [];
  const cutAfter = (bytes: number) => ({
    ...whole,
    open: (from: number, to?: number) => {
      opened.push(from);
      return from >= bytes ? whole.open(0, 0).destroy(new Error('cut')) : whole.open(from, to);
    },
  });
  // A bucket at its parts: three of five are there.
  await expect(s3().write!(path, cutAfter(3000))).rejects.toThrow('cut');
  opened.length = 0;
  expect(server.objects.size).toBe(0);
  expect(await s3().write!(path, { ...whole, open: (from, to) => (opened.push(from), whole.open(from, to)) })).toBe(
    'written',
  );
  expect(opened).toEqual([3000, 4000]);
  // A folder where a process that is gone stopped.
  await folder().write!('x', textContent('x'));
  const left = join(
    root,
    'remote/arriving',
    `${ref.sha256}.${(await import('node:os')).hostname()}.999999999.abcdefgh`,
  );
  writeFileSync(left, content.subarray(0, 1234));
  opened.length = 0;
  await folder().write!(path, { ...whole, open: (from, to) => (opened.push(from), whole.open(from, to)) });
  expect(opened).toEqual([1234]);
  expect(readdirSync(join(root, 'remote/arriving'))).toEqual([]);
  for (const remote of [folder(), s3(), web()]) {
    writeFileSync(join(root, 'to'), content.subarray(0, 4321));
    server.sent = 0;
    const came: number[] = [];
    await fetchObject(remote, ref, join(root, 'to'), { onBytes: (bytes) => came.push(bytes) });
    expect(readFileSync(join(root, 'to')).equals(content)).toBe(true);
    expect(came[0]).toBe(4321);
    expect(server.sent).toBe(remote.name === 'folder' ? 0 : 5000 - 4321);
    truncateSync(join(root, 'to'), 0);
  }
});

test('content that lies wrong in a remote is refused by its path, and nothing of it is kept', async () => {
  const { ref } = blob(50);
  await folder().write!(contentPath(ref.sha256), textContent('x'.repeat(50)));
  await expect(fetchObject(folder(), ref, join(root, 'to'), { patience })).rejects.toThrow(
    /something else under a digest/,
  );
  expect(existsSync(join(root, 'to'))).toBe(false);
});

test('a full disk on this side is said at once, and what came stays to be gone on with', async () => {
  const { file, ref } = blob(50);
  await folder().write!(contentPath(ref.sha256), fileContent(file, 50, ref.sha256));
  await expect(fetchObject(folder(), ref, '/dev/full', { patience })).rejects.toThrow(/Cannot write: ENOSPC/);
});

test('of 200 random faults between client and server nothing is lost, half visible or wrongly accepted', async () => {
  const draw = drawing(7);
  let injected = 0;
  const bucket = s3(patience.stall);
  server.fault = () => {
    if (draw() < 0.6) return undefined;
    injected += 1;
    return faults[Math.floor(draw() * faults.length)];
  };
  for (let round = 0; injected < 200; round++) {
    const { file, ref, content } = blob(round % 3 === 0 ? 2500 : 400, round + 1);
    const path = contentPath(ref.sha256);
    const trying = { patience };
    // Who is given up with runs the same command again.
    await again(() =>
      persist(bucket, trying, (signal) => bucket.write!(path, fileContent(file, ref.bytes, ref.sha256), { signal })),
    );
    const stored = server.objects.get(`/bucket/below/${path}`);
    expect(stored?.equals(content)).toBe(true);
    for (const remote of [bucket, web(patience.stall)]) {
      await again(() => fetchObject(remote, ref, join(root, 'to'), trying));
      expect(readFileSync(join(root, 'to')).equals(content)).toBe(true);
      rmSync(join(root, 'to'));
    }
  }
  for (const [path, content] of server.objects) expect(path.endsWith(sha256(content))).toBe(true);
});
