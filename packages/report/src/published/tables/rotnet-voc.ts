import type { PublishedTable } from '../schema.ts';

/** RotNet transferred to PASCAL VOC, as notes of others give it. */
const table: PublishedTable = {
  title: 'PASCAL VOC transfer (RotNet)',
  source: 'RotNet paper, in third-party notes',
  provenance: 'third-party',
  measure: 'average-precision',
  unit: '%',
  dataset: 'voc2007, voc2012',
  protocol: {
    kind: 'non-linear',
    summary:
      'fine-tuned AlexNet: classification and detection on VOC 2007 (mean average precision), segmentation on VOC 2012 (mean IoU)',
  },
  columns: ['classification-fc6-8', 'classification-all', 'detection', 'segmentation'],
  rows: [
    {
      id: 'rotnet',
      method: 'RotNet',
      values: [70.87, 72.97, 54.4, 39.1],
    },
  ],
};
export default table;
