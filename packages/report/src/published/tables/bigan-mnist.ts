import type { PublishedTable } from '../schema.ts';

/** BiGAN on permutation-invariant MNIST, from the log in its README. */
const table: PublishedTable = {
  title: 'MNIST 1-NN accuracy by epoch (BiGAN)',
  source: "README of BiGAN's repository",
  provenance: 'repository',
  measure: 'accuracy',
  unit: '%',
  dataset: 'mnist',
  protocol: {
    kind: 'nearest-neighbour',
    summary: 'one nearest neighbour (euclidean) on the layer before the code (NNC_e-)',
  },
  columns: ['epoch0', 'epoch1', 'epoch25', 'epoch200', 'epoch400'],
  rows: [
    {
      id: 'bigan',
      method: 'BiGAN, 50-d',
      values: [96.84, 92.56, 96.28, 97.14, 97.35],
    },
  ],
};
export default table;
