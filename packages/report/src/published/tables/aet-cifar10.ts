import type { PublishedTable } from '../schema.ts';

/** CIFAR-10 error rates of the AET paper. The classifiers differ from row to row: `FC` and `conv` are trained on frozen conv2. */
const table: PublishedTable = {
  title: 'CIFAR-10 error rates (AET)',
  source: 'AET paper, CIFAR-10 table, as the source document (Good-old-fashioned SSL) gives it',
  provenance: 'source-document',
  measure: 'error',
  unit: '%',
  dataset: 'cifar10',
  protocol: {
    kind: 'mixed',
    summary:
      'classifier named in the row, on frozen features of the second block of NIN-192 unless it says otherwise; 50,000 images',
  },
  columns: ['error'],
  rows: [
    {
      id: 'supervised-nin',
      method: 'Supervised NIN (Lower Bound)',
      values: [7.2],
    },
    {
      id: 'random-init-conv',
      method: 'Random Init. + conv (Upper Bound)',
      values: [27.5],
    },
    {
      id: 'roto-scat-svm',
      method: 'Roto-Scat + SVM [22]',
      values: [17.7],
      note: 'a support vector machine on fixed features',
    },
    {
      id: 'examplarcnn',
      method: 'ExamplarCNN [7]',
      values: [15.7],
    },
    {
      id: 'dcgan',
      method: 'DCGAN [26]',
      values: [17.2],
    },
    {
      id: 'scattering',
      method: 'Scattering [21]',
      values: [15.3],
      note: 'a support vector machine on fixed features',
    },
    {
      id: 'rotnet-fc',
      method: 'RotNet + FC [10]',
      values: [10.94],
      note: "a head of three layers, AET's of two",
    },
    {
      id: 'rotnet-conv',
      method: 'RotNet + conv [10]',
      values: [8.84],
    },
    {
      id: 'aet-affine-fc',
      method: '(Ours) AET-affine + FC',
      values: [9.77],
      note: 'a head of two layers',
    },
    {
      id: 'aet-affine-conv',
      method: '(Ours) AET-affine + conv',
      values: [8.05],
    },
    {
      id: 'aet-project-fc',
      method: '(Ours) AET-project + FC',
      values: [9.41],
      note: 'a head of two layers',
    },
    {
      id: 'aet-project-conv',
      method: '(Ours) AET-project + conv',
      values: [7.82],
    },
  ],
};
export default table;
