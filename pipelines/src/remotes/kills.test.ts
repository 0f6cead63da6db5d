import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { sha256 } from '@selfsup/kit/files';
import { loss } from '@selfsup/kit/metric';
import { isComplete, readManifest } from '../store/manifest.ts';
import { publish } from '../store/publish.ts';
import { isWhole, storedDigests } from '../store/store.ts';
import { contentPath, unsealed } from './record.ts';

/** How often a push, and a pull, is killed: SELFSUP_KILLS=50 for a campaign. */
const kills = Number(process.env['SELFSUP_KILLS'] ?? 3);
const program = fileURLToPath(new URL('../testing/transfer-process.ts', import.meta.url));
const key = sha256('key');
const blobBytes = 24e6;

let root: string;
let remote: string;
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'kills-'));
  remote = join(root, 'remote');
  const work = join(root, 'here/work');
  mkdirSync(join(work, 'folder'), { recursive: true });
  writeFileSync(join(work, 'weights'), Buffer.alloc(blobBytes, 'weights of a network'));
  writeFileSync(join(work, 'folder/data.mdb'), Buffer.alloc(blobBytes / 2, 'records of a dataset'));
  writeFileSync(join(work, 'curve.json'), '[1, 2]');
  await publish(
    {
      metrics: [{ head: 'pretext', measure: 'loss', ...loss, value: 1 }],
      blobs: { checkpoint: join(work, 'weights'), lmdb: join(work, 'folder') },
      files: { 'curve.json': join(work, 'curve.json') },
    },
    {
      folder: join(root, 'here/toy/base/seed-1/pretrain'),
      store: join(root, 'here/store'),
      scratch: work,
      manifest: {
        key,
        keyParts: { uses: 'tasks/toy', seed: 1, config: {}, needs: {}, code: 'c' },
        parts: [],
        code: { key: 'c', files: {}, packages: {} },
        places: [],
        resolvedConfig: {},
      },
      run: { started: '', finished: '', wallSeconds: 0, host: '', cpu: '', node: '', peakMemoryBytes: 0 },
      confirm: () => Promise.resolve(),
    },
  );
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** Runs a transfer; with `killAfter` it is killed so many milliseconds after its beginning. Gives its own milliseconds. */
async function transfer(mode: string, folder: string, killAfter?: number): Promise<number> {
  const child = spawn(process.execPath, ['--import', 'tsx', program, mode, folder, remote, key], {
    stdio: ['ignore', 'pipe', 'inherit'],
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

function filesIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

/** All that a reader of the remote sees is whole. Gives how many results there are. */
function expectWholeRemote(): number {
  for (const file of filesIn(join(remote, 'blobs'))) expect(sha256(readFileSync(file))).toBe(basename(file));
  const records = filesIn(join(remote, 'results'));
  for (const file of records) {
    const { files, blobs } = unsealed(readFileSync(file, 'utf8'), key, [], file);
    for (const parts of [files, ...Object.values(blobs)]) {
      for (const part of Object.values(parts)) expect(existsSync(join(remote, contentPath(part.sha256)))).toBe(true);
    }
  }
  return records.length;
}

test('a push and a pull that are killed at random moments leave nothing half visible, and end when run again', async () => {
  const here = join(root, 'here');
  const pushTime = await transfer('push', here);
  expect(expectWholeRemote()).toBe(1);
  rmSync(remote, { recursive: true });
  for (let i = 0; i < kills; i++) {
    await transfer('push', here, Math.random() * pushTime);
    if (expectWholeRemote() === 1) rmSync(join(remote, 'results'), { recursive: true });
  }
  await transfer('push', here);
  expect(expectWholeRemote()).toBe(1);
  expect(filesIn(join(remote, 'arriving'))).toEqual([]);

  const pullTime = await transfer('pull', join(root, 'first'));
  const there = join(root, 'there');
  const store = join(there, 'store');
  const folder = join(there, 'toy/base/seed-1/pretrain');
  for (let i = 0; i <= kills; i++) {
    await transfer('pull', there, i === kills ? undefined : Math.random() * pullTime);
    const manifest = readManifest(folder);
    if (existsSync(folder)) expect(await isComplete(manifest!, folder, store)).toBe(true);
    for (const digest of await storedDigests(store)) expect(await isWhole(store, digest)).toBe(true);
  }
  expect(readManifest(folder)).toEqual(readManifest(join(here, 'toy/base/seed-1/pretrain')));
  expect((await storedDigests(store)).sort()).toEqual((await storedDigests(join(here, 'store'))).sort());
});
