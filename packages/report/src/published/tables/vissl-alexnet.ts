import type { PublishedTable } from '../schema.ts';

/** Jigsaw, RotNet and DeepCluster as VISSL measured them. */
const table: PublishedTable = {
  title: 'ImageNet top-1 of the best layer (VISSL)',
  source: 'VISSL, MODEL_ZOO',
  provenance: 'repository',
  measure: 'accuracy',
  unit: '%',
  dataset: 'imagenet',
  protocol: {
    kind: 'linear',
    summary: "VISSL's linear probes, 28 epochs, centre crop; the best layer counts",
  },
  columns: ['best-layer'],
  rows: [
    {
      id: 'rotnet-alexnet',
      method: 'RotNet, AlexNet',
      values: [39.51],
    },
    {
      id: 'deepcluster-alexnet',
      method: 'DeepCluster, AlexNet',
      values: [37.88],
    },
    {
      id: 'jigsaw-alexnet',
      method: 'Jigsaw, AlexNet (Goyal et al.)',
      values: [34.82],
    },
    {
      id: 'jigsaw-r50-100',
      method: 'Jigsaw, ResNet-50, 100 permutations',
      values: [48.57],
    },
    {
      id: 'jigsaw-r50-2k',
      method: 'Jigsaw, ResNet-50, 2,000 permutations',
      values: [46.73],
    },
    {
      id: 'jigsaw-r50-10k',
      method: 'Jigsaw, ResNet-50, 10,000 permutations',
      values: [48.11],
    },
  ],
};
export default table;
