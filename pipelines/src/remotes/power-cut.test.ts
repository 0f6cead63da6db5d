import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sha256 } from '@selfsup/kit/files';
import { randomKey } from '@selfsup/kit/random';
import { openDisk } from '@selfsup/kit/testing/faulty-disk';
import { cutPower, readLog } from '@selfsup/kit/testing/power-cut';
import { damageOf, readManifest } from '../store/manifest.ts';
import { damageIn } from '../store/sums.ts';
import { publishSample } from '../testing/published-sample.ts';

const program = fileURLToPath(new URL('../testing/transfer-process.ts', import.meta.url));
const key = sha256('key');
const label = 'toy/base/seed-1/pretrain';
const root = mkdtempSync(join(tmpdir(), 'power-'));
const there = join(root, 'there');
const disk = openDisk(join(root, 'disk'));

/** Pushes, or brings, the result of the key, as a process of its own with a disk at our mercy. */
function transfer(
  mode: 'push' | 'pull',
  folder: string,
  env: NodeJS.ProcessEnv = {},
): { status: number | null; stderr: string } {
  const args = ['--import', 'tsx', program, mode, folder, join(root, 'remote'), key, '1000000'];
  return spawnSync(process.execPath, args, { env: { ...process.env, ...env }, encoding: 'utf8' });
}

beforeAll(async () => {
  const checkpoint = Buffer.alloc(300_000, 'weights');
  await publishSample(join(root, 'here'), { key, label, checkpoint, pages: Buffer.alloc(20_000, 'records') });
  expect(transfer('push', join(root, 'here')).status).toBe(0);
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

test('after a power cut at any moment what stood stands, and the same command ends', { timeout: 300_000 }, async () => {
  expect(transfer('pull', there, disk.env('log', { root: there })).status).toBe(0);
  const operations = readLog(disk.log);
  const folder = join(there, label);
  const renamed = operations.findIndex(({ kind, to }) => kind === 'R' && to === folder);
  const stands = operations.findIndex(
    ({ kind, path }, i) => i > renamed && kind === 'S' && path === join(folder, '..'),
  );
  expect(stands).toBeGreaterThan(renamed);
  const damage = async (): Promise<string | undefined> => {
    const manifest = readManifest(folder);
    return manifest === undefined ? 'none there' : damageOf(manifest, folder, join(there, 'store'));
  };
  for (const model of ['journal', 'folders'] as const) {
    for (let cut = operations.length; cut > 0; cut -= 2) {
      cutPower(operations, cut, there, model, randomKey(cut, model));
      const when = `${model}, before operation ${cut}`;
      // All that is seen of a result is right: its bytes reached the disk before its name.
      expect(damageIn(folder), when).toBeUndefined();
      expect(existsSync(folder) || cut <= stands, when).toBe(true);
      if (cut === operations.length) expect(await damage(), when).toBeUndefined();
    }
    cutPower(operations, stands + 2, there, model, randomKey(1, model));
    expect(transfer('pull', there)).toMatchObject({ status: 0 });
    expect(await damage()).toBeUndefined();
  }
});

test(
  'a disk that is full from the n-th write on is said, with what to do, and with room the same command ends',
  { timeout: 300_000 },
  async () => {
    const fresh = join(root, 'full');
    expect(transfer('pull', fresh, disk.env('count', { root: fresh })).status).toBe(0);
    const operations = disk.count();
    expect(operations).toBeGreaterThan(20);
    const faults = [
      { mode: 'enospc', part: 0.2, span: 0 },
      { mode: 'eio', part: 0.5, span: 1 },
      { mode: 'enospc', part: 0.8, span: 0 },
    ] as const;
    for (const { mode, part, span } of faults) {
      rmSync(fresh, { recursive: true, force: true });
      const at = Math.ceil(operations * part);
      const { status, stderr } = transfer('pull', fresh, disk.env(mode, { root: fresh, at, span }));
      expect(status === 0 || /ENOSPC|EIO/.test(stderr), `${mode} at ${at}: ${stderr}`).toBe(true);
      expect(damageIn(join(fresh, label))).toBeUndefined();
      expect(transfer('pull', fresh)).toMatchObject({ status: 0 });
      const manifest = readManifest(join(fresh, label))!;
      expect(await damageOf(manifest, join(fresh, label), join(fresh, 'store'))).toBeUndefined();
    }
  },
);
