import type { PublishedTable } from '../schema.ts';

/** Scattering on CIFAR-10, from the docstrings of kymatio's example. */
const table: PublishedTable = {
  title: 'CIFAR-10 accuracy on scattering, J = 2 (kymatio)',
  source: 'kymatio, docstring of its CIFAR-10 example',
  provenance: 'repository',
  measure: 'accuracy',
  unit: '%',
  dataset: 'cifar10',
  protocol: {
    kind: 'mixed',
    summary: 'classifier named in the row on batch-normed scattering, 50,000 images with crops and flips, 90 epochs',
  },
  columns: ['accuracy'],
  rows: [
    {
      id: 'order1-linear',
      method: 'order 1, linear',
      values: [64],
    },
    {
      id: 'order2-linear',
      method: 'order 2, linear',
      values: [70.5],
    },
    {
      id: 'order2-cnn',
      method: 'order 2, convolutional network',
      values: [88],
    },
  ],
};
export default table;
