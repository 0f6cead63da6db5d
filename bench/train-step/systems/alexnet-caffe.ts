import { optimizerSchema } from '@selfsup/models/optimizers/config';
import { labelledStep } from '../labelled-images.ts';
import type { System } from '../system.ts';

const caffe = optimizerSchema.parse({
  name: 'sgd',
  nesterov: false,
  biasLearningRate: 2,
  excludeFromDecay: ['bias'],
});

/** Groups, local response normalisation and dropout, and Caffe's rates for biases. Width: channels of conv1. */
const alexnetCaffe: System = {
  title: "Caffe's AlexNet, 224 pixels, 1,000 classes",
  defaults: { width: 96, batch: 64 },
  step: ({ width, batch }) =>
    labelledStep({ name: 'alexnet', variant: 'caffe', widthMultiplier: width / 96 }, 224, batch, caffe),
};
export default alexnetCaffe;
