import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test, vi } from 'vitest';
import { UserError } from '@selfsup/kit/errors';
import { labelledProgress } from '../run/labelled-progress.ts';
import { datasetStage, refuseDamaged } from './dataset-stage.ts';

afterEach(() => vi.unstubAllEnvs());

const left = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ path: `train: ${i}.jpg`, reason: 'cut off' }));
const contents = (images: number, damaged: number) => ({
  splits: { train: { count: images - damaged, classCounts: [] } },
  quarantine: left(damaged),
});

test('a finished dataset is refused where more was left out of it than is allowed by now', () => {
  expect(() => refuseDamaged(contents(100, 1), {}, 'dataset.json')).not.toThrow();
  expect(() => refuseDamaged(contents(100, 3), { quarantine: { atMost: 0.03 } }, 'dataset.json')).not.toThrow();
  expect(() => refuseDamaged(contents(100, 2), {}, 'dataset.json')).toThrow('2 of 100 images were damaged');
  expect(() => refuseDamaged(contents(100, 3), { quarantine: { atMost: 0.02 } }, 'dataset.json')).toThrow(
    expect.objectContaining({ field: 'quarantine.atMost', file: 'dataset.json' }),
  );
});

test('with SELFSUP_OFFLINE=1 nothing of a source is fetched: the variable is named, and where to put its file', async () => {
  const root = fileURLToPath(new URL('../../..', import.meta.url));
  const empty = mkdtempSync(join(tmpdir(), 'offline-'));
  vi.stubEnv('SELFSUP_OFFLINE', '1');
  vi.stubEnv('SELFSUP_DATA', empty);
  vi.stubEnv('SELFSUP_CACHE', empty);
  const stage = datasetStage(
    { workspace: { root }, artifacts: { root, stages: root, store: root } as never },
    'cifar10',
  );
  const session = { progress: labelledProgress, signal: new AbortController().signal } as never;
  const refusal = await stage.prepare(session).catch((error: unknown) => error);
  rmSync(empty, { recursive: true });
  expect(refusal).toBeInstanceOf(UserError);
  expect(refusal).toMatchObject({
    message: expect.stringContaining('Since SELFSUP_OFFLINE is 1, no other machine is asked'),
    file: join(root, 'pipelines/datasets/cifar10/dataset.json'),
    remedy: expect.stringContaining(`Put that file at ${join(empty, 'downloads/cifar10/cifar-10-binary.tar.gz')}.`),
  });
});
