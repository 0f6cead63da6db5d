import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { sha256 } from '@selfsup/kit/files';
import { isComplete, readManifest } from '../store/manifest.ts';
import { isWhole, storedDigests } from '../store/store.ts';
import type { LocalServer } from '../testing/local-server.ts';
import { hasMoto, startMoto } from '../testing/moto.ts';
import { publishSample } from '../testing/published-sample.ts';
import { assertRightContent, wholeResults } from '../testing/whole-remote.ts';
import { folderRemote } from './folder-remote.ts';
import { recordPath } from './record.ts';
import type { Remote } from './remote.ts';
import { s3Remote } from './s3-remote.ts';

/** How often a push, and a pull, is killed: SELFSUP_KILLS=50 for a campaign. */
const kills = Number(process.env['SELFSUP_KILLS'] ?? 3);
const program = fileURLToPath(new URL('../testing/transfer-process.ts', import.meta.url));
const key = sha256('key');
const label = 'toy/base/seed-1/pretrain';
const blobBytes = 24e6;
const part = 5 << 20;
const limit = 60_000 + kills * 30_000;
const isServed = hasMoto();

let root: string;
let moto: LocalServer | undefined;
beforeAll(async () => {
  if (isServed) moto = await startMoto();
});
afterAll(() => moto?.close());
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'kills-'));
  const checkpoint = Buffer.alloc(blobBytes, 'weights of a network');
  const pages = Buffer.alloc(blobBytes / 2, 'records of a dataset');
  await publishSample(join(root, 'here'), { key, label, checkpoint, pages });
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** Runs a transfer; with `killAfter` it is killed so many milliseconds after its beginning. Gives its own milliseconds. */
async function transfer(mode: string, folder: string, remote: Remote, killAfter?: number): Promise<number> {
  const args = ['--import', 'tsx', program, mode, folder, remote.url, key, String(part)];
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...(moto === undefined ? {} : { AWS_ENDPOINT_URL: moto.url }) },
  });
  const closed = once(child, 'close');
  await once(child.stdout, 'data');
  const began = performance.now();
  if (killAfter !== undefined) {
    await sleep(killAfter);
    child.kill('SIGKILL');
  }
  const [code] = (await closed) as [number | null];
  if (killAfter === undefined) expect(code).toBe(0);
  return performance.now() - began;
}

async function survivesKills(remote: Remote, empty: () => Promise<void>): Promise<void> {
  const here = join(root, 'here');
  const pushTime = await transfer('push', here, remote);
  expect(await wholeResults(remote)).toBe(1);
  await empty();
  for (let i = 0; i < kills; i++) {
    await transfer('push', here, remote, Math.random() * pushTime);
    await assertRightContent(remote);
    if ((await wholeResults(remote)) === 1) await remote.remove!(recordPath(key));
  }
  await transfer('push', here, remote);
  expect(await wholeResults(remote)).toBe(1);

  const pullTime = await transfer('pull', join(root, 'first'), remote);
  const there = join(root, 'there');
  const store = join(there, 'store');
  const folder = join(there, label);
  for (let i = 0; i <= kills; i++) {
    await transfer('pull', there, remote, i === kills ? undefined : Math.random() * pullTime);
    const manifest = readManifest(folder);
    if (existsSync(folder)) expect(await isComplete(manifest!, folder, store)).toBe(true);
    for (const digest of await storedDigests(store)) expect(await isWhole(store, digest)).toBe(true);
  }
  expect(readManifest(folder)).toEqual(readManifest(join(here, label)));
  expect((await storedDigests(store)).sort()).toEqual((await storedDigests(join(here, 'store'))).sort());
}

test(
  'killed at random moments a push and a pull leave nothing half visible, and end when run again',
  { timeout: limit },
  async () => {
    const remote = folderRemote('team', join(root, 'remote'));
    await survivesKills(remote, async () => rmSync(remote.url, { recursive: true }));
    expect(readdirSync(join(remote.url, 'arriving'))).toEqual([]);
  },
);

test.skipIf(!isServed)('the same against a real server of S3', { timeout: limit }, async () => {
  const remote = s3Remote('team', 's3://bucket/kills', { endpoint: moto!.url, part }, 30_000);
  await survivesKills(remote, async () => {
    for await (const { path } of remote.list!('')) await remote.remove!(path);
  });
});
