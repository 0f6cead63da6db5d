import type { PublishedTable } from '../schema.ts';

/** Linear probes of AlexNet on ImageNet and Places205, of the DeepCluster paper. */
const table: PublishedTable = {
  title: 'Linear probes on ImageNet and Places (DeepCluster)',
  source:
    'DeepCluster paper, table of linear classification on ImageNet and Places, as the source document (Good-old-fashioned SSL) gives it',
  provenance: 'source-document',
  measure: 'accuracy',
  unit: '%',
  dataset: 'imagenet, places205',
  protocol: {
    kind: 'linear',
    summary: 'one linear layer on the frozen, pooled activations of each convolution of AlexNet (about 9,000 values)',
  },
  columns: [
    'imagenet-conv1',
    'imagenet-conv2',
    'imagenet-conv3',
    'imagenet-conv4',
    'imagenet-conv5',
    'places-conv1',
    'places-conv2',
    'places-conv3',
    'places-conv4',
    'places-conv5',
  ],
  rows: [
    {
      id: 'places-labels',
      method: 'Places labels',
      values: [null, null, null, null, null, 22.1, 35.1, 40.2, 43.3, 44.6],
    },
    {
      id: 'imagenet-labels',
      method: 'ImageNet labels',
      values: [19.3, 36.3, 44.2, 48.3, 50.5, 22.7, 34.8, 38.4, 39.4, 38.7],
    },
    {
      id: 'random',
      method: 'Random',
      values: [11.6, 17.1, 16.9, 16.3, 14.1, 15.7, 20.3, 19.8, 19.1, 17.5],
    },
    {
      id: 'pathak-inpainting',
      method: 'Pathak et al. [38]',
      values: [14.1, 20.7, 21.0, 19.8, 15.5, 18.2, 23.2, 23.4, 21.9, 18.4],
    },
    {
      id: 'doersch-context',
      method: 'Doersch et al. [25]',
      values: [16.2, 23.3, 30.2, 31.7, 29.6, 19.7, 26.7, 31.9, 32.7, 30.9],
    },
    {
      id: 'zhang-colorization',
      method: 'Zhang et al. [28]',
      values: [12.5, 24.5, 30.4, 31.5, 30.3, 16.0, 25.7, 29.6, 30.3, 29.7],
    },
    {
      id: 'donahue-bigan',
      method: 'Donahue et al. [20]',
      values: [17.7, 24.5, 31.0, 29.9, 28.0, 21.4, 26.2, 27.1, 26.1, 24.0],
    },
    {
      id: 'noroozi-jigsaw',
      method: 'Noroozi and Favaro [26]',
      values: [18.2, 28.8, 34.0, 33.9, 27.1, 23.0, 32.1, 35.5, 34.8, 31.3],
    },
    {
      id: 'noroozi-counting',
      method: 'Noroozi et al. [45]',
      values: [18.0, 30.6, 34.3, 32.5, 25.7, 23.3, 33.9, 36.3, 34.7, 29.6],
    },
    {
      id: 'zhang-split-brain',
      method: 'Zhang et al. [43]',
      values: [17.7, 29.3, 35.4, 35.2, 32.8, 21.3, 30.7, 34.0, 34.1, 32.5],
    },
    {
      id: 'deepcluster',
      method: 'DeepCluster',
      values: [12.9, 29.2, 38.2, 39.8, 36.1, 18.6, 30.8, 37.0, 37.5, 33.1],
    },
  ],
};
export default table;
