import type { PublishedTable } from '../schema.ts';

/** Networks fine-tuned as Fast R-CNN on PASCAL VOC 2007. */
const table: PublishedTable = {
  title: 'PASCAL VOC 2007 detection, Fast R-CNN on AlexNet',
  source: "the methods' own papers and repositories",
  provenance: 'repository',
  measure: 'average-precision',
  unit: '%',
  dataset: 'voc2007-trainval',
  protocol: {
    kind: 'non-linear',
    summary:
      'Fast R-CNN on AlexNet with selective search, 150,000 to 200,000 iterations at several scales, trained on trainval, mean average precision (11 points, overlap 0.5) on test',
  },
  columns: ['map'],
  rows: [
    {
      id: 'imagenet-labels',
      method: 'ImageNet labels',
      values: [56.8],
      source: "README of RotNet's repository: 2.4 above RotNet",
    },
    {
      id: 'jigsaw',
      method: 'Jigsaw, ECCV version',
      values: [51.8],
      provenance: 'third-party',
      source: "abstract of Jigsaw's paper (ECCV version), on a page about it",
    },
    {
      id: 'context',
      method: 'Context (Doersch)',
      values: [51.4],
      source: "README of deepcontext's repository",
      note: 'of its later code, rescaled before fine-tuning',
    },
    { id: 'rotnet', method: 'RotNet', values: [54.4], source: "README of RotNet's repository" },
  ],
};
export default table;
