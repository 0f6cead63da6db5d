import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { randomKey } from '@selfsup/kit/random';
import { openDisk } from '@selfsup/kit/testing/faulty-disk';
import { cutPower, readLog } from '@selfsup/kit/testing/power-cut';
import { recordingProgress } from '../testing/recording-progress.ts';
import { LiveCheckpoints } from './live-checkpoints.ts';

const program = fileURLToPath(new URL('../testing/saving-process.ts', import.meta.url));
const root = mkdtempSync(join(tmpdir(), 'live-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

test('after a power cut at any moment a training goes on from the newest checkpoint that was saved, with all lines before it', async () => {
  const there = join(root, 'there');
  mkdirSync(there);
  const disk = openDisk(join(root, 'disk'));
  const env = { ...process.env, ...disk.env('log', { root: there }) };
  execFileSync(process.execPath, ['--import', 'tsx', program, there], { env });
  const operations = readLog(disk.log);
  for (const model of ['journal', 'folders'] as const) {
    let saved = 0;
    // A checkpoint without the lines before it would go on to another curve.
    for (let cut = operations.length; cut > 0; cut -= 1) {
      cutPower(operations, cut, there, model, randomKey(cut, model));
      const found = await new LiveCheckpoints(join(there, 'live'), 2, 'identity').latest(recordingProgress());
      if (found === undefined) continue;
      const lines = existsSync(join(there, 'metrics.jsonl')) ? readFileSync(join(there, 'metrics.jsonl'), 'utf8') : '';
      const logged = lines.split('\n').length - 1;
      expect(logged, `${model}, before operation ${cut}`).toBeGreaterThanOrEqual(Number(found.metadata['step']));
    }
    for (const [i, { kind, path }] of operations.entries()) {
      const said = /\/saved-(\d)$/.exec(path);
      if (said === null || kind !== 'C') continue;
      saved = Number(said[1]);
      for (const chance of [1, 2, 3, 4]) {
        cutPower(operations, i, there, model, randomKey(chance, model));
        const found = await new LiveCheckpoints(join(there, 'live'), 2, 'identity').latest(recordingProgress());
        expect(found?.metadata['step'], `${model}, once ${saved} was saved`).toBe(saved);
      }
    }
    expect(saved).toBe(5);
  }
});

test('a torn checkpoint, and one of another training, are named and passed over', async () => {
  const folder = join(root, 'torn');
  const checkpoint = (step: number): Parameters<LiveCheckpoints['save']>[1] => ({
    tensors: new Map([['x', { shape: [1], data: Float32Array.of(step) }]]),
    metadata: { step },
  });
  await new LiveCheckpoints(folder, 3, 'ours').save(1, checkpoint(1));
  await new LiveCheckpoints(folder, 3, 'theirs').save(2, checkpoint(2));
  writeFileSync(join(folder, 'step-000000003.safetensors'), 'torn');
  const progress = recordingProgress();
  const live = new LiveCheckpoints(folder, 3, 'ours');
  expect((await live.latest(progress))?.metadata['step']).toBe(1);
  expect(live.newest).toBe(join(folder, 'step-000000001.safetensors'));
  expect(progress.lines).toEqual([
    expect.stringMatching(/^warning: .*step-000000003\.safetensors/),
    expect.stringMatching(/^warning: .*step-000000002\.safetensors belongs to another training/),
  ]);
});

test('looking for one makes no folder', async () => {
  const folder = join(root, 'none');
  expect(await new LiveCheckpoints(folder, 2, 'identity').latest(recordingProgress())).toBeUndefined();
  expect(existsSync(folder)).toBe(false);
});
