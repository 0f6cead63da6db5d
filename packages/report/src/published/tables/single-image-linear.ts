import type { PublishedTable } from '../schema.ts';

/** Linear probes of AlexNet on ImageNet after pretraining on one image and more, of the single-image paper; rows are its (a) to (t). */
const table: PublishedTable = {
  title: 'Linear probes on ImageNet (A critical analysis of self-supervision)',
  source: 'Asano et al. 2020, ImageNet table, as the source document (Good-old-fashioned SSL) gives it',
  provenance: 'source-document',
  measure: 'accuracy',
  unit: '%',
  dataset: 'imagenet',
  protocol: {
    kind: 'linear',
    summary:
      'one linear layer behind batch norm on the frozen, max-pooled activations of each convolution of AlexNet, ten crops',
  },
  columns: ['conv1', 'conv2', 'conv3', 'conv4', 'conv5'],
  rows: [
    {
      id: 'a',
      method: 'Full-supervision',
      images: 1281167,
      values: [19.3, 36.3, 44.2, 48.3, 50.5],
    },
    {
      id: 'b',
      method: '(Oyallon et al., 2017): Scattering',
      images: 0,
      values: [null, 18.9, null, null, null],
    },
    {
      id: 'c',
      method: 'Random',
      images: 0,
      values: [11.6, 17.1, 16.9, 16.3, 14.1],
    },
    {
      id: 'd',
      method: '(Krähenbühl et al., 2016): k-means',
      images: 160,
      values: [17.5, 23.0, 24.5, 23.2, 20.6],
      note: 'about 160 images',
    },
    {
      id: 'e',
      method: '(Donahue et al., 2017): BiGAN',
      images: 1281167,
      values: [17.7, 24.5, 31.0, 29.9, 28.0],
    },
    {
      id: 'f',
      method: 'BiGAN, mono, Image A',
      images: 1,
      values: [20.4, 30.9, 33.4, 28.4, 16.0],
    },
    {
      id: 'g',
      method: 'BiGAN, mono, Image B',
      images: 1,
      values: [20.5, 30.4, 31.6, 27.0, 16.8],
    },
    {
      id: 'h',
      method: 'BiGAN, deka',
      images: 10,
      values: [16.2, 16.5, 16.5, 13.1, 7.5],
    },
    {
      id: 'i',
      method: 'BiGAN, kilo',
      images: 1000,
      values: [16.1, 17.7, 18.3, 17.6, 13.5],
    },
    {
      id: 'j',
      method: '(Gidaris et al., 2018): RotNet',
      images: 1281167,
      values: [18.8, 31.7, 38.7, 38.2, 36.5],
    },
    {
      id: 'k',
      method: 'RotNet, mono, Image A',
      images: 1,
      values: [19.9, 30.2, 30.6, 27.6, 21.9],
    },
    {
      id: 'l',
      method: 'RotNet, mono, Image B',
      images: 1,
      values: [17.8, 27.6, 27.9, 25.4, 20.2],
    },
    {
      id: 'm',
      method: 'RotNet, deka',
      images: 10,
      values: [19.6, 30.7, 32.6, 28.9, 22.6],
    },
    {
      id: 'n',
      method: 'RotNet, kilo',
      images: 1000,
      values: [21.0, 33.5, 36.5, 34.0, 29.4],
    },
    {
      id: 'o',
      method: '(Caron et al., 2018): DeepCluster',
      images: 1281167,
      values: [18.0, 32.5, 39.2, 37.2, 30.6],
    },
    {
      id: 'p',
      method: 'DeepCluster, mono, Image A',
      images: 1,
      values: [20.7, 31.5, 32.5, 28.5, 21.0],
    },
    {
      id: 'q',
      method: 'DeepCluster, mono, Image B',
      images: 1,
      values: [19.7, 30.1, 31.6, 28.5, 20.4],
    },
    {
      id: 'r',
      method: 'DeepCluster, mono, Image C',
      images: 1,
      values: [18.9, 29.2, 31.5, 28.9, 23.5],
    },
    {
      id: 's',
      method: 'DeepCluster, deka',
      images: 10,
      values: [18.5, 29.0, 31.1, 28.2, 21.9],
    },
    {
      id: 't',
      method: 'DeepCluster, kilo',
      images: 1000,
      values: [19.5, 29.8, 33.0, 31.7, 26.8],
    },
  ],
};
export default table;
