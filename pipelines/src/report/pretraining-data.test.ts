import { expect, test } from 'vitest';
import { expandVariants, type StageDeclaration } from '../declare/expand.mjs';
import type { Experiment } from '../declare/experiment.ts';
import { stagesOf } from '../declare/stages.ts';
import { findWorkspace } from '../declare/workspace.ts';
import { pretrainingData } from './pretraining-data.ts';

const stages = {
  generate: { uses: 'tasks/aet-gan', needs: { dataset: 'data/mono' }, config: { epochs: 3 } },
  pretrain: { uses: 'tasks/rotnet', needs: { dataset: 'data/mono', generator: 'generate' }, config: { epochs: 8 } },
  features: { uses: 'eval/features', needs: { encoder: 'pretrain', dataset: 'data/cifar10' }, config: {} },
};

const workspace = findWorkspace();
const dataOf = (declared: Record<string, StageDeclaration>, names: readonly string[]): Promise<string[]> => {
  const variants = expandVariants({ stages: declared }).map((one) => ({ ...one, set: {} }));
  const experiment = { name: 'toy', variants, seeds: [1], about: {} };
  const places = { workspace, artifacts: { root: '', stages: '', store: '' } };
  const all = stagesOf(places, experiment as unknown as Experiment);
  return pretrainingData(
    workspace,
    all.filter(({ name }) => names.includes(name)),
  );
};

test('what stages before the evaluations need, each once; not what evaluations need', async () => {
  expect(await dataOf(stages, Object.keys(stages))).toEqual(['mono']);
  expect(await dataOf(stages, ['features'])).toEqual([]);
});

test('nothing is learned in 0 epochs, but k-means initialisation learns in none', async () => {
  const random = { ...stages.pretrain, uses: 'tasks/random', config: { epochs: 0 } };
  expect(await dataOf({ ...stages, pretrain: random }, ['pretrain', 'features'])).toEqual([]);
  const kmeans = { ...random, uses: 'tasks/kmeans-init' };
  expect(await dataOf({ ...stages, pretrain: kmeans }, ['pretrain', 'features'])).toEqual(['mono']);
});
