import type { PublishedTable } from '../schema.ts';

/** BiGAN on ImageNet and on ten of its classes, from its README. */
const table: PublishedTable = {
  title: 'ImageNet 1-NN accuracy (BiGAN)',
  source: "README of BiGAN's repository",
  provenance: 'repository',
  measure: 'accuracy',
  unit: '%',
  dataset: 'imagenet',
  protocol: {
    kind: 'nearest-neighbour',
    summary: 'one nearest neighbour (euclidean) on the layer before the code (NNC_e-)',
  },
  columns: ['nearest-neighbour'],
  rows: [
    {
      id: 'ten-classes-64',
      method: '10 classes, 64 pixels, 400 epochs',
      values: [48.54],
    },
    {
      id: 'ten-classes-generalised',
      method: '10 classes, generalised, 400 epochs',
      values: [48.6],
    },
    {
      id: 'released',
      method: '1,000 classes, released weights',
      values: [3.78],
      note: 'logistic regression on the same layer 9.39',
    },
  ],
};
export default table;
