import { optimizerSchema } from '@selfsup/models/optimizers/config';
import { labelledStep } from '../labelled-images.ts';
import type { System } from '../system.ts';

/** The step of supervised-imagenet, and but for the classes that of rotnet-imagenet. Width: channels of conv1. */
const alexnet: System = {
  title: 'AlexNet with batch norm, 224 pixels, 1,000 classes',
  defaults: { width: 64, batch: 64 },
  step: ({ width, batch }) =>
    labelledStep(
      { name: 'alexnet', variant: 'rotnet', widthMultiplier: width / 64 },
      224,
      batch,
      optimizerSchema.parse({ name: 'sgd' }),
    ),
};
export default alexnet;
