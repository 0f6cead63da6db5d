import { clusteredStep } from '../cluster-step.ts';
import type { System } from '../system.ts';

/** The step of deepcluster-imagenet: AlexNet with batch norm on Sobel gradients, 10,000 clusters. Width: channels of conv1. */
const deepcluster: System = {
  title: 'DeepCluster, AlexNet, 224 pixels, 10,000 clusters',
  defaults: { width: 96, batch: 64 },
  step: ({ width, batch }) =>
    clusteredStep(
      { name: 'alexnet', variant: 'deepcluster', sobel: true, widthMultiplier: width / 96 },
      224,
      batch,
      10_000,
    ),
};
export default deepcluster;
