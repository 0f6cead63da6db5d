import type { PublishedTable } from '../schema.ts';

/** RotNet on ImageNet as a user measured it with the released recipe. */
const table: PublishedTable = {
  title: 'ImageNet top-1, layers above conv4 or conv5 retrained (RotNet, run again)',
  source: "issue 10 of RotNet's repository",
  provenance: 'issue',
  measure: 'accuracy',
  unit: '%',
  dataset: 'imagenet',
  protocol: {
    kind: 'non-linear',
    summary:
      'AlexNet frozen up to the layer, all layers above it trained; pretrained for the released 50 epochs (the paper has 30)',
  },
  columns: ['conv4', 'conv5'],
  rows: [
    {
      id: 'rotnet-50-epochs',
      method: 'RotNet, 50 epochs',
      values: [52.92, 46.06],
    },
  ],
};
export default table;
