import type { PublishedTable } from '../schema.ts';

/** ResNet-50 by mmselfsup: linear probes after each stage. */
const table: PublishedTable = {
  title: 'ImageNet linear probes of ResNet-50 (mmselfsup)',
  source: 'mmselfsup, README of the method',
  provenance: 'repository',
  measure: 'accuracy',
  unit: '%',
  dataset: 'imagenet',
  protocol: {
    kind: 'linear',
    summary: "mmselfsup's linear probes on five feature maps of ResNet-50",
  },
  columns: ['f1', 'f2', 'f3', 'f4', 'f5'],
  rows: [
    {
      id: 'rotnet-70-epochs',
      method: 'RotNet, 70 epochs',
      values: [12.15, 31.99, 44.57, 54.2, 45.94],
    },
    {
      id: 'deepcluster-sobel-200-epochs',
      method: 'DeepCluster with Sobel, 200 epochs',
      values: [12.78, 30.81, 43.88, 57.71, 51.68],
    },
  ],
};
export default table;
