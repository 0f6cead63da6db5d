import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { evaluationSettings } from './evaluation-settings.ts';
import { expandVariants } from './expand.mjs';
import { manifestSchema } from '../store/manifest.ts';
import type { Session } from '../run/session.ts';

const root = mkdtempSync(join(tmpdir(), 'selfsup-settings-'));
afterAll(() => rmSync(root, { recursive: true }));

const publish = (folder: string, resolvedConfig: unknown): void => {
  mkdirSync(join(root, folder), { recursive: true });
  const manifest = { schema: manifestSchema, resolvedConfig, outputDigest: 'aabbccddeeff' };
  writeFileSync(join(root, folder, 'manifest.json'), JSON.stringify(manifest));
};

test('settings of an evaluation, of those that it builds on, and of the data; nothing of the encoder', () => {
  const [variant] = expandVariants({
    stages: {
      pretrain: { uses: 'tasks/rotnet', needs: { dataset: 'data/few' }, config: {} },
      features: { uses: 'eval/features', needs: { encoder: 'pretrain', dataset: 'data/few' }, config: {} },
      linear: { uses: 'eval/linear-probe', needs: { features: 'features' }, config: {} },
    },
  });
  const session = { artifacts: { root, stages: root, store: root } } as unknown as Session;
  const settings = (stage: string): Record<string, string> =>
    evaluationSettings(session, variant!, { kind: 'stage', experiment: 'toy', variant: 'base', seed: 1, stage });
  expect(settings('linear')).toEqual({});
  publish('few/ingest', {});
  publish('toy/base/seed-1/pretrain', { width: 64 });
  publish('toy/base/seed-1/features', { layers: ['conv1', 'conv2'], train: { subset: { count: 100 } } });
  publish('toy/base/seed-1/linear', { layer: 'conv2', optimizer: { name: 'sgd' } });
  expect(settings('linear')).toEqual({
    uses: 'eval/linear-probe',
    layer: 'conv2',
    'optimizer.name': 'sgd',
    'features.uses': 'eval/features',
    'features.train.subset.count': '100',
    'features.dataset': 'few aabbccdd',
  });
  expect(settings('pretrain')).toEqual({});
});
