import type { PublishedTable } from '../schema.ts';

/** Networks fine-tuned for the classes of PASCAL VOC 2007. */
const table: PublishedTable = {
  title: 'PASCAL VOC 2007 classification, AlexNet fine-tuned',
  source: "the methods' own papers and repositories",
  provenance: 'repository',
  measure: 'average-precision',
  unit: '%',
  dataset: 'voc2007-trainval',
  protocol: {
    kind: 'non-linear',
    summary:
      'AlexNet, fully connected layers (fc6-8) or all layers trained on trainval, mean average precision on test',
  },
  columns: ['fc6-8', 'all'],
  rows: [
    {
      id: 'imagenet-labels',
      method: 'ImageNet labels',
      values: [null, 78.2],
      provenance: 'third-party',
      source: "abstract of Jigsaw's paper (ECCV version), on a page about it",
    },
    {
      id: 'jigsaw',
      method: 'Jigsaw, ECCV version',
      values: [null, 68.6],
      provenance: 'third-party',
      source: "abstract of Jigsaw's paper (ECCV version), on a page about it",
    },
    {
      id: 'bigan',
      method: 'BiGAN, 112 px',
      values: [52.5, null],
      source: "README of BiGAN's repository",
      note: 'ten random crops; its authors’ re-run gave 52.8',
    },
    {
      id: 'deepcluster',
      method: 'DeepCluster',
      values: [70.4, null],
      source: "erratum in the README of DeepCluster's repository",
    },
    {
      id: 'rotnet',
      method: 'RotNet',
      values: [70.87, 72.97],
      provenance: 'third-party',
      source: 'RotNet paper, in third-party notes',
    },
  ],
};
export default table;
