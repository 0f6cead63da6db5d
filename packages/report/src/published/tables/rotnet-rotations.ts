import type { PublishedTable } from '../schema.ts';

/** RotNet on CIFAR-10 by the rotations that it tells apart, as notes of others give it. */
const table: PublishedTable = {
  title: 'CIFAR-10 accuracy by the set of rotations (RotNet)',
  source: 'RotNet paper, in third-party notes',
  provenance: 'third-party',
  measure: 'accuracy',
  unit: '%',
  dataset: 'cifar10',
  protocol: {
    kind: 'non-linear',
    summary: 'classifier of three fully connected layers on frozen conv2 of NIN-192, 50,000 images',
  },
  columns: ['conv2'],
  rows: [
    {
      id: 'four',
      method: '0°, 90°, 180°, 270°',
      values: [89.06],
    },
    {
      id: 'eight',
      method: '8 rotations, 45° apart',
      values: [88.51],
    },
    {
      id: 'two-0-180',
      method: '0°, 180°',
      values: [87.46],
    },
    {
      id: 'two-90-270',
      method: '90°, 270°',
      values: [85.52],
    },
  ],
};
export default table;
