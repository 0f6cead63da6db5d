import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { sha256 } from '@selfsup/kit/files';
import { startBucket, type BucketServer } from '../testing/bucket-server.ts';
import { faultCampaign, noise } from '../testing/fault-campaign.ts';
import { startFaultyProxy, type FaultyProxy } from '../testing/faulty-proxy.ts';
import { fetchObject } from './fetch-object.ts';
import { folderRemote } from './folder-remote.ts';
import { httpsRemote } from './https-remote.ts';
import { contentPath } from './record.ts';
import { bytesOf, fileContent, NotThere, textContent, type Remote } from './remote.ts';
import type { Patience } from './retry.ts';
import { s3Remote } from './s3-remote.ts';

const patience: Patience = { attempts: 12, delay: 1, stall: 60 };
const part = 1000;
let root: string;
let bucket: BucketServer;
let proxy: FaultyProxy;
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'remotes-'));
  bucket = await startBucket();
  proxy = await startFaultyProxy(bucket.url);
  process.env['AWS_ACCESS_KEY_ID'] = process.env['AWS_SECRET_ACCESS_KEY'] = 'test';
});
afterEach(async () => {
  await proxy.close();
  await bucket.close();
  rmSync(root, { recursive: true, force: true });
});

const s3 = (stall = 20_000, name = 's3'): Remote =>
  s3Remote(name, 's3://bucket/below', { endpoint: proxy.url, part }, stall);
const folder = (): Remote => folderRemote('folder', join(root, 'remote'));
const web = (stall = 20_000, name = 'web'): Remote => httpsRemote(name, `${proxy.url}/bucket/below/`, stall);

function blob(bytes: number, seed = 1): { file: string; ref: { sha256: string; bytes: number }; content: Buffer } {
  const content = noise(bytes, seed);
  const file = join(root, `blob-${seed}`);
  writeFileSync(file, content);
  return { file, ref: { sha256: sha256(content), bytes }, content };
}

/** A stream that fails after some bytes. */
async function* cutOff(content: Buffer): AsyncGenerator<Buffer> {
  yield content;
  throw new Error('cut');
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
  const watched = { ...whole, open: (from: number, to?: number) => (opened.push(from), whole.open(from, to)) };
  // A bucket at its parts: three of five are there.
  const cut = (from: number, to?: number) =>
    from >= 3000 ? whole.open(0, 0).destroy(new Error('cut')) : whole.open(from, to);
  await expect(s3().write!(path, { ...whole, open: cut })).rejects.toThrow('cut');
  expect([bucket.objects.size, bucket.received]).toEqual([0, 3000]);
  expect(await s3().write!(path, whole)).toBe('written');
  expect(bucket.received).toBe(5000);
  // A folder where this process was cut, or one that is gone; one on another machine may still write.
  const arriving = join(root, 'remote/arriving');
  const stop = async (): Promise<string[]> => {
    const open = () => Readable.from(cutOff(content.subarray(0, 1234)));
    await expect(folder().write!(path, { ...whole, open })).rejects.toThrow('cut');
    return readdirSync(arriving)[0]!.split('.');
  };
  const [digest, , pid, ...rest] = await stop();
  expect(await folder().write!(path, watched)).toBe('written');
  await folder().remove!(path);
  const left = (await stop()).join('.');
  const elsewhere = [digest, 'f'.repeat(16), pid, ...rest].join('.');
  renameSync(join(arriving, left), join(arriving, elsewhere));
  expect(await folder().write!(path, watched)).toBe('written');
  await folder().remove!(path);
  const gone = left.replace(`.${pid}.`, '.999999999.');
  renameSync(join(arriving, elsewhere), join(arriving, gone));
  expect(await folder().write!(path, watched)).toBe('written');
  // Killed between its second name and this: the next that finds the object there tidies it away.
  writeFileSync(join(arriving, gone), content);
  expect(await folder().write!(path, watched)).toBe('there');
  expect(opened).toEqual([1234, 0, 1234]);
  expect(readdirSync(arriving)).toEqual([]);
  for (const remote of [folder(), s3(), web()]) {
    writeFileSync(join(root, 'to'), content.subarray(0, 4321));
    bucket.sent = 0;
    const came: number[] = [];
    await fetchObject(remote, ref, join(root, 'to'), { onBytes: (bytes) => came.push(bytes) });
    expect(readFileSync(join(root, 'to')).equals(content)).toBe(true);
    expect(came[0]).toBe(4321);
    expect(bucket.sent).toBe(remote.name === 'folder' ? 0 : 5000 - 4321);
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

test('a full disk on this side is said at once, and what came stays to be resumed', async () => {
  const { file, ref } = blob(50);
  await folder().write!(contentPath(ref.sha256), fileContent(file, 50, ref.sha256));
  await expect(fetchObject(folder(), ref, '/dev/full', { patience })).rejects.toThrow(/Cannot write: ENOSPC/);
});

test('of 200 random faults between client and server nothing is lost, half visible or wrongly accepted', async () => {
  const results = await faultCampaign({
    ...{ root, proxy, patience, faults: 200 },
    open: (name) => [s3(patience.stall, name), web(patience.stall, name)],
    straight: s3Remote('straight', 's3://bucket/below', { endpoint: bucket.url, part }, 20_000),
    sizes: (round) => [round % 3 === 0 ? 2500 : 400, 300],
  });
  expect(results).toBeGreaterThan(0);
});
