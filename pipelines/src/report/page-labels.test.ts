import { expect, test } from 'vitest';
import { pageLabels } from './page-labels.ts';

test('checkpoints are called by experiment and variant, and by all of their place where others are called so', () => {
  const given = [
    'rotnet-small/base/seed-1/pretrain',
    'jigsaw-small/set-pretrain-config-epochs-4-7006ab/seed-1/pretrain',
    'aed-small/aed-set-pretrain-config-epochs-2-d6ab68',
    'quickstart/random/seed-1/pretrain',
    'mine',
  ];
  expect(pageLabels(given)).toEqual(['rotnet-small', 'jigsaw-small', 'aed-small aed', 'quickstart random', 'mine']);
  const seeds = ['rotnet-small/base/seed-1/pretrain', 'rotnet-small/base/seed-2/pretrain'];
  expect(pageLabels(seeds)).toEqual(seeds);
});
