import type { PublishedTable } from '../schema.ts';

/** Networks fine-tuned as FCN on PASCAL VOC. */
const table: PublishedTable = {
  title: 'PASCAL VOC 2012 segmentation, FCN on AlexNet',
  source: "the methods' own papers and repositories",
  provenance: 'repository',
  measure: 'mean-iu',
  unit: '%',
  dataset: 'voc2012-sbd, voc2012-masks',
  protocol: {
    kind: 'non-linear',
    summary: "FCN on AlexNet, stride 32, trained on SBD's train, mean IU of 21 classes on seg11valid",
  },
  columns: ['mean-iu'],
  rows: [
    { id: 'imagenet-labels', method: 'ImageNet labels', values: [48.0], source: "README of FCN's repository" },
    {
      id: 'rotnet',
      method: 'RotNet',
      values: [39.1],
      provenance: 'third-party',
      source: 'RotNet paper, in third-party notes',
      note: 'on which split the notes do not say',
    },
  ],
};
export default table;
