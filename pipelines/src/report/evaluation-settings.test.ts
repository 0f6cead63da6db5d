import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { expandVariants } from '../declare/expand.mjs';
import type { Experiment } from '../declare/experiment.ts';
import type { Places } from '../declare/stage.ts';
import { stagesOf } from '../declare/stages.ts';
import { findWorkspace } from '../declare/workspace.ts';
import { manifestSchema } from '../store/manifest.ts';
import { evaluationSettings } from './evaluation-settings.ts';

const root = mkdtempSync(join(tmpdir(), 'selfsup-settings-'));
afterAll(() => rmSync(root, { recursive: true }));

const publish = (folder: string, resolvedConfig: unknown): void => {
  mkdirSync(join(root, folder), { recursive: true });
  const manifest = { schema: manifestSchema, resolvedConfig, outputDigest: 'aabbccddeeff' };
  writeFileSync(join(root, folder, 'manifest.json'), JSON.stringify(manifest));
};

test('settings of an evaluation, of those that it builds on, and of the data; nothing of the encoder', () => {
  const variants = expandVariants({
    stages: {
      pretrain: { uses: 'tasks/rotnet', needs: { dataset: 'data/few' }, config: {} },
      features: { uses: 'eval/features', needs: { encoder: 'pretrain', dataset: 'data/few' }, config: {} },
      linear: { uses: 'eval/linear-probe', needs: { features: 'features' }, config: {} },
    },
  });
  const places: Places = { workspace: findWorkspace(), artifacts: { root, stages: root, store: root } };
  const experiment = {
    name: 'toy',
    variants: variants.map((one) => ({ ...one, set: {} })),
    seeds: [1],
    about: {},
  } as unknown as Experiment;
  const settings = (stage: string): Record<string, string> =>
    evaluationSettings(stagesOf(places, experiment).find(({ name }) => name === stage)!);
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
