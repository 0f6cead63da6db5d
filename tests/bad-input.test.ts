import { mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cloneWithTiny, tiny, type Clone, type Tiny } from './clone.ts';

// Every refusal has to come before any training: none of these runs may have reached the first stage.
let clone: Clone;
beforeAll(() => {
  clone = cloneWithTiny();
  mkdirSync(clone.path('data'));
});
afterAll(() => clone.remove());

/** Runs `broken`, an experiment changed by `change`, and gives what was printed. */
async function refusal(change: (experiment: Tiny['experiment']) => void, env: NodeJS.ProcessEnv = {}): Promise<string> {
  const experiment = structuredClone(tiny.experiment);
  change(experiment);
  clone.write('pipelines/experiments/broken/experiment.json', experiment);
  const { code, output } = await clone.run('selfsup', ['run', 'broken'], env);
  expect(code).not.toBe(0);
  expect(output).not.toMatch(/Epoch 1|\n\s+at /);
  return output;
}

test('a mistyped config key is named with the key that was meant', async () => {
  const output = await refusal(({ stages }) => {
    Object.assign(stages.pretrain.config, { batchsize: 64 });
  });
  expect(output).toMatch(/batchsize/);
  expect(output).toMatch(/batchSize/);
  expect(output).toMatch(/broken\/experiment\.json/);
});

test('an unknown dataset is refused and the known ones are listed', async () => {
  const output = await refusal(({ stages }) => {
    stages.pretrain.needs.dataset = 'data/cifar11';
  });
  expect(output).toMatch(/cifar11/);
  expect(output).toMatch(/cifar10/);
});

test('needs that go in a circle are shown as one', async () => {
  const output = await refusal(({ stages }) => {
    stages.features.needs.encoder = 'linear';
  });
  expect(output).toMatch(/features.*linear.*features|linear.*features.*linear/);
});

test('an artifact folder that cannot be written is refused', async () => {
  clone.write('a-file', 'in the way');
  const output = await refusal(() => undefined, { SELFSUP_ARTIFACTS: clone.path('a-file', 'artifacts') });
  expect(output).toMatch(/a-file/);
  expect(output).toMatch(/remedy/);
});

test('a missing data file is named', async () => {
  clone.write('pipelines/datasets/absent/dataset.json', {
    sources: [{ type: 'cifar10', path: clone.path('data/cifar-10-binary.tar.gz') }],
  });
  const output = await refusal(({ stages }) => {
    stages.pretrain.needs.dataset = 'data/absent';
    stages.features.needs.dataset = 'data/absent';
  });
  expect(output).toMatch(/cifar-10-binary\.tar\.gz/);
  expect(output).toMatch(/remedy/);
});

test('a truncated data file is refused, not half read', async () => {
  const images = gzipSync(
    Buffer.concat([Buffer.from([0, 0, 8, 3, 0, 0, 0, 9, 0, 0, 0, 28, 0, 0, 0, 28]), Buffer.alloc(9 * 784, 7)]),
  );
  const labels = gzipSync(
    Buffer.concat([Buffer.from([0, 0, 8, 1, 0, 0, 0, 9]), Buffer.from([0, 1, 2, 3, 4, 5, 6, 7, 8])]),
  );
  for (const part of ['train', 't10k']) {
    writeFileSync(clone.path(`data/${part}-images-idx3-ubyte.gz`), images);
    writeFileSync(clone.path(`data/${part}-labels-idx1-ubyte.gz`), labels);
  }
  truncateSync(clone.path('data/train-images-idx3-ubyte.gz'), images.length - 12);
  clone.write('pipelines/datasets/cut/dataset.json', {
    sources: [{ type: 'fashion-mnist', path: clone.path('data') }],
  });
  const output = await refusal(({ stages }) => {
    stages.pretrain.needs.dataset = 'data/cut';
    stages.features.needs.dataset = 'data/cut';
  });
  expect(output).toMatch(/train-images-idx3-ubyte\.gz/);
});

test('a checkpoint with one flipped byte is refused', async () => {
  expect((await clone.run('selfsup', ['run', 'tiny', '--stage', 'pretrain'])).code).toBe(0);
  const { blobs } = clone.json<{ blobs: Record<string, { sha256: string }> }>(
    'artifacts/tiny/base/seed-1/pretrain/manifest.json',
  );
  const { sha256 } = blobs['checkpoint']!;
  const bytes = readFileSync(clone.path('artifacts/store/sha256', sha256.slice(0, 2), sha256));
  bytes[bytes.length - 100]! ^= 4;
  writeFileSync(clone.path('flipped.safetensors'), bytes);
  const { code, output } = await clone.run('selfsup', ['export', 'flipped.safetensors', '--to', 'exported']);
  expect(code).not.toBe(0);
  expect(output).toMatch(/flipped\.safetensors/);
  expect(output).toMatch(/remedy/);
}, 180_000);
