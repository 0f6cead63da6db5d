import { expect, test } from 'vitest';
import { pretrainingData } from './pretraining-data.ts';

const stages = {
  generate: { uses: 'tasks/aet-gan', needs: { dataset: 'data/mono' }, config: { epochs: 3 } },
  pretrain: { uses: 'tasks/rotnet', needs: { dataset: 'data/mono', generator: 'generate' }, config: { epochs: 8 } },
  features: { uses: 'eval/features', needs: { encoder: 'pretrain', dataset: 'data/cifar10' }, config: {} },
};

test('what stages before the evaluations need, each once; not what evaluations need', () => {
  expect(pretrainingData({ stages }, Object.keys(stages))).toEqual(['mono']);
  expect(pretrainingData({ stages }, ['features'])).toEqual([]);
});

test('nothing is learned in 0 epochs, but k-means initialisation learns in none', () => {
  const random = { ...stages.pretrain, uses: 'tasks/random', config: { epochs: 0 } };
  expect(pretrainingData({ stages: { ...stages, pretrain: random } }, ['pretrain', 'features'])).toEqual([]);
  const kmeans = { ...random, uses: 'tasks/kmeans-init' };
  expect(pretrainingData({ stages: { ...stages, pretrain: kmeans } }, ['pretrain', 'features'])).toEqual(['mono']);
});
