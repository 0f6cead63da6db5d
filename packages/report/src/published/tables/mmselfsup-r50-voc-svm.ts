import type { PublishedTable } from '../schema.ts';

/** ResNet-50 by mmselfsup: support vector machines on VOC 2007, on all images and on few. */
const table: PublishedTable = {
  title: 'VOC 2007 SVM and low-shot of ResNet-50 (mmselfsup)',
  source: 'mmselfsup, README of the method',
  provenance: 'repository',
  measure: 'average-precision',
  unit: '%',
  dataset: 'voc2007',
  protocol: {
    kind: 'svm',
    summary: 'linear support vector machine for each class, mean average precision; low-shot with k positives a class',
  },
  columns: ['all', 'k1', 'k2', 'k4', 'k8', 'k16', 'k32', 'k64', 'k96'],
  rows: [
    {
      id: 'rotnet-70-epochs',
      method: 'RotNet, 70 epochs',
      values: [67.7, 20.6, 24.35, 31.41, 39.17, 46.56, 53.37, 59.14, 62.42],
    },
    {
      id: 'deepcluster-sobel-200-epochs',
      method: 'DeepCluster with Sobel, 200 epochs',
      values: [74.26, 29.37, 37.99, 45.85, 55.57, 62.48, 66.15, 70.0, 71.37],
    },
  ],
};
export default table;
