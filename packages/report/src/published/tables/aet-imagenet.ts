import type { PublishedTable } from '../schema.ts';

/** ImageNet top-1 of the AET paper: everything above conv4 or conv5 is trained again, so no row compares with linear probes. */
const table: PublishedTable = {
  title: 'ImageNet top-1, layers above conv4 or conv5 retrained (AET)',
  source: 'AET paper, ImageNet table, as the source document (Good-old-fashioned SSL) gives it',
  provenance: 'source-document',
  measure: 'accuracy',
  unit: '%',
  dataset: 'imagenet',
  protocol: {
    kind: 'non-linear',
    summary: 'AlexNet frozen up to the layer, all layers above it trained on ImageNet labels',
  },
  columns: ['conv4', 'conv5'],
  rows: [
    {
      id: 'imagenet-labels',
      method: 'ImageNet Labels [3] (Upper Bound)',
      values: [59.7, 59.7],
    },
    {
      id: 'random',
      method: 'Random [20] (Lower Bound)',
      values: [27.1, 12.0],
    },
    {
      id: 'tracking',
      method: 'Tracking [29]',
      values: [38.8, 29.8],
    },
    {
      id: 'context',
      method: 'Context [5]',
      values: [45.6, 30.4],
    },
    {
      id: 'colorization',
      method: 'Colorization [31]',
      values: [40.7, 35.2],
    },
    {
      id: 'jigsaw-puzzles',
      method: 'Jigsaw Puzzles [19]',
      values: [45.3, 34.6],
    },
    {
      id: 'bigan',
      method: 'BiGAN [6]',
      values: [41.9, 32.2],
    },
    {
      id: 'nat',
      method: 'NAT [3]',
      values: [null, 36.0],
    },
    {
      id: 'deepcluster',
      method: 'DeepCluster [4]',
      values: [null, 44.0],
    },
    {
      id: 'rotnet',
      method: 'RotNet [10]',
      values: [50.0, 43.8],
    },
    {
      id: 'aet-project',
      method: '(Ours) AET-project',
      values: [53.2, 47.0],
    },
  ],
};
export default table;
