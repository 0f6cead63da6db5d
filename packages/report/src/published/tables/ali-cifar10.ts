import type { PublishedTable } from '../schema.ts';

/** Semi-supervised error of ALI by number of labels. */
const table: PublishedTable = {
  title: 'CIFAR-10 semi-supervised error (ALI)',
  source: 'repository of ALI',
  provenance: 'repository',
  measure: 'error',
  unit: '%',
  dataset: 'cifar10',
  protocol: {
    kind: 'non-linear',
    summary: 'semi-supervised training with this many labels',
  },
  columns: ['labels1000', 'labels2000', 'labels4000', 'labels8000'],
  rows: [
    {
      id: 'ali',
      method: 'ALI',
      values: [19.98, 19.09, 17.99, 17.05],
    },
  ],
};
export default table;
