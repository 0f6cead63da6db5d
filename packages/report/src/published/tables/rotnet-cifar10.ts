import type { PublishedTable } from '../schema.ts';

/** RotNet on CIFAR-10 by block, as the issues of its repository confirm it. */
const table: PublishedTable = {
  title: 'CIFAR-10 accuracy of a classifier on each block (RotNet)',
  source: 'RotNet paper, Table 1, quoted in issue 6 of its repository',
  provenance: 'issue',
  measure: 'accuracy',
  unit: '%',
  dataset: 'cifar10',
  protocol: {
    kind: 'non-linear',
    summary:
      'classifier of three fully connected layers on frozen features of NIN-192, 50,000 images, 100 epochs; best test epoch',
  },
  columns: ['conv1', 'conv2', 'conv3', 'conv4'],
  rows: [
    {
      id: 'four-blocks',
      method: 'RotNet, 4 blocks',
      values: [85.07, 89.06, 86.21, 61.73],
    },
    {
      id: 'four-blocks-rerun',
      method: "RotNet, 4 blocks, the authors' code run again by a user",
      values: [84.65, 88.89, 85.88, 54.04],
      source: "issue 6 of RotNet's repository",
      note: 'rotation accuracy 93.65',
    },
  ],
};
export default table;
