import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { randomKey } from '@selfsup/kit/random';
import { saveEncoder } from '@selfsup/models/encoder';
import { classifier, featureShapeOf } from '@selfsup/models/heads';
import { configureNetwork } from '@selfsup/models/network';
import { findWorkspace } from '../declare/workspace.ts';
import { findCheckpoint } from '../store/checkpoint-argument.ts';
import { publish, type PublishOptions } from '../store/publish.ts';
import { blobPath } from '../store/store.ts';
import { setWritable, stranger } from '../testing/workspace.ts';
import command, { exportCheckpoint } from './export.ts';
import verify from './verify.ts';

const folder = mkdtempSync(join(tmpdir(), 'selfsup-export-'));
const artifacts = join(folder, 'artifacts');
const checkpoint = join(folder, 'checkpoint.safetensors');
const workspace = findWorkspace();
const before = process.env['SELFSUP_ARTIFACTS'];

beforeAll(async () => {
  process.env['SELFSUP_ARTIFACTS'] = artifacts;
  const network = await configureNetwork({ name: 'nin', blocks: 3, width: 6 });
  const encoder = network.build({ height: 16, width: 16, channels: 3 }, randomKey(1));
  await saveEncoder(
    checkpoint,
    { encoder, head: classifier(featureShapeOf(encoder), 4, randomKey(2)) },
    {
      task: 'rotnet',
      network: { name: 'nin', config: { blocks: 3, width: 6 } },
      normalisation: { mean: [120, 110, 100], std: [60, 50, 40] },
      ...{ step: 5, epoch: 1, seed: 1, batchNormStatistics: 'joint' },
    },
  );
});

afterEach(() => rmSync(artifacts, { recursive: true, force: true }));
afterAll(() => {
  if (before === undefined) delete process.env['SELFSUP_ARTIFACTS'];
  else process.env['SELFSUP_ARTIFACTS'] = before;
  rmSync(folder, { recursive: true, force: true });
});

function flip(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes[at]! ^= 1;
  rmSync(path);
  writeFileSync(path, bytes);
}

/** Publishes a stage as the runner does, with a copy of the checkpoint as its blob. */
async function publishStage(path: string, blob = 'checkpoint'): Promise<string> {
  const scratch = join(artifacts, 'work', path);
  mkdirSync(scratch, { recursive: true });
  const copy = join(scratch, 'blob');
  copyFileSync(checkpoint, copy);
  const code = { uses: 'tasks/rotnet', seed: 1, config: {}, needs: {}, code: '' };
  const manifest = {
    key: 'k',
    keyParts: code,
    parts: [],
    code: { key: '', files: {} },
    resolvedConfig: {},
    places: [],
  };
  const confirm = (): Promise<void> => Promise.resolve();
  const options = {
    folder: join(artifacts, path),
    store: join(artifacts, 'store'),
    scratch,
    manifest,
    run: {},
    confirm,
  };
  const published = await publish({ blobs: { [blob]: copy }, metrics: [] }, options as unknown as PublishOptions);
  return blobPath(options.store, published.blobs[blob]!.sha256);
}

test('a stage folder, an experiment or a variant stands for its checkpoint in the store', async () => {
  const blob = await publishStage('quickstart/rotnet/seed-1/pretrain');
  await publishStage('quickstart/rotnet/seed-1/features', 'conv2');
  const stage = join(artifacts, 'quickstart/rotnet/seed-1/pretrain');
  for (const argument of [stage, 'quickstart', 'quickstart/rotnet', 'quickstart/rotnet/seed-1/pretrain']) {
    expect(await findCheckpoint(workspace, argument), argument).toBe(blob);
  }
  expect(await findCheckpoint(workspace, checkpoint)).toBe(checkpoint);
});

test('what does not name one checkpoint is explained', async () => {
  await expect(findCheckpoint(workspace, 'quickstart')).rejects.toThrow(/no finished pretraining/);
  const blob = await publishStage('quickstart/rotnet/seed-1/pretrain');
  await publishStage('quickstart/random/seed-1/pretrain');
  await publishStage('quickstart/rotnet/seed-1/features', 'conv2');
  await expect(findCheckpoint(workspace, 'quickstart')).rejects.toThrow(/has 2 checkpoints/);
  const features = join(artifacts, 'quickstart/rotnet/seed-1/features');
  await expect(findCheckpoint(workspace, features)).rejects.toThrow(/no blob 'checkpoint'; it has conv2/);
  const unknown = await findCheckpoint(workspace, 'quikstart').catch((error: { remedy?: string }) => error.remedy);
  expect(unknown).toContain('quickstart/random/seed-1/pretrain');
  rmSync(blob);
  await expect(findCheckpoint(workspace, 'quickstart/rotnet')).rejects.toThrow(/gone from the store/);
});

test('a stage of which a byte was altered is refused by the name of the file, before anything is made of it', async () => {
  const stage = join(artifacts, 'quickstart/rotnet/seed-1/pretrain');
  for (const name of ['manifest.json', 'metrics.json', 'run.json']) {
    await publishStage('quickstart/rotnet/seed-1/pretrain');
    flip(join(stage, name), 0);
    for (const argument of [stage, 'quickstart'])
      await expect(findCheckpoint(workspace, argument)).rejects.toThrow(new RegExp(`damaged: .*${name} was altered`));
    rmSync(artifacts, { recursive: true });
  }
  const blob = await publishStage('quickstart/rotnet/seed-1/pretrain');
  flip(blob, 9);
  await expect(findCheckpoint(workspace, stage)).rejects.toThrow(basename(blob));
});

test('from artifacts that can only be read a network is exported, and pictures are embedded', async () => {
  const program = fileURLToPath(new URL('../../bin/selfsup.mjs', import.meta.url));
  await publishStage('quickstart/rotnet/seed-1/pretrain');
  const mine = join(folder, 'mine');
  mkdirSync(join(mine, 'cache'), { recursive: true });
  mkdirSync(join(mine, 'pictures'));
  await sharp({ create: { width: 16, height: 16, channels: 3, background: '#205080' } })
    .png()
    .toFile(join(mine, 'pictures', '1.png'));
  for (const one of [folder, mine, join(mine, 'cache')]) chmodSync(one, 0o777);
  setWritable(artifacts, false);
  const user = stranger({ needsEngine: true });
  try {
    for (const args of [
      ['export', 'quickstart/rotnet', '--format', 'safetensors', '--to', join(mine, 'out')],
      ['embed', 'quickstart/rotnet', join(mine, 'pictures'), '--layer', 'conv2', '--to', join(mine, 'f.npy')],
    ]) {
      const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], {
        env: { ...process.env, HOME: mine, SELFSUP_CACHE: join(mine, 'cache') },
        ...(user === undefined ? {} : { uid: user, gid: user }),
      });
      expect([status, stdout.toString(), stderr.toString()]).toEqual([0, expect.any(String), expect.any(String)]);
    }
  } finally {
    setWritable(artifacts, true);
  }
  expect(existsSync(join(mine, 'out/safetensors/weights.safetensors'))).toBe(true);
  expect(readFileSync(join(mine, 'f.txt'), 'utf8')).toBe('1.png\n');
});

test('the command writes both formats, each as a folder with its README', async () => {
  const to = join(folder, 'both');
  await command.parseAsync([checkpoint, '--to', to], { from: 'user' });
  expect(readdirSync(to).sort()).toEqual(['safetensors', 'tfjs']);
  expect(readdirSync(join(to, 'tfjs')).sort()).toEqual(['README.md', 'SHA256SUMS', 'classifier', 'encoder']);
  expect(readdirSync(join(to, 'safetensors')).sort()).toEqual(['README.md', 'SHA256SUMS', 'weights.safetensors']);
});

test('an altered byte of an export is named by verify; exporting again puts it right', async () => {
  const to = join(folder, 'checked');
  await exportCheckpoint(checkpoint, { to, format: 'tfjs' });
  await verify.parseAsync([to], { from: 'user' });
  const weights = join(to, 'tfjs/encoder/weights.bin');
  flip(weights, 40);
  const said = vi.spyOn(console, 'log');
  await expect(verify.parseAsync([to], { from: 'user' })).rejects.toThrow(/^1 exported files/);
  expect(said.mock.calls.flat().join()).toContain('encoder/weights.bin was altered since it was exported');
  said.mockRestore();
  await exportCheckpoint(checkpoint, { to, format: 'tfjs' });
  await verify.parseAsync([to], { from: 'user' });
  await expect(verify.parseAsync([join(folder, 'nowhere')], { from: 'user' })).rejects.toThrow(/no SHA256SUMS/);
});

test('one format alone; a damaged checkpoint leaves nothing behind', async () => {
  const to = join(folder, 'one');
  const lines = await exportCheckpoint(checkpoint, { to, format: 'safetensors' });
  expect(lines[0]).toMatch(/^safetensors: \d+ tensors in /);
  expect(readdirSync(to)).toEqual(['safetensors']);
  const bytes = readFileSync(checkpoint);
  bytes[bytes.length - 9]! ^= 1;
  const damaged = join(folder, 'damaged.safetensors');
  writeFileSync(damaged, bytes);
  await expect(exportCheckpoint(damaged, { to: join(folder, 'none'), format: 'both' })).rejects.toThrow(/damaged/);
  expect(existsSync(join(folder, 'none'))).toBe(false);
});
