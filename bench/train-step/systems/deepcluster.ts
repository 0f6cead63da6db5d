import { clusteredStep } from '../cluster-step.ts';
import type { System } from '../system.ts';

/** The step of deepcluster-small. */
const deepcluster: System = {
  title: 'DeepCluster, NIN of 3 blocks',
  defaults: { width: 192, batch: 128 },
  tiny: { width: 8, batch: 2 },
  step: ({ width, batch }) => clusteredStep({ name: 'nin', blocks: 3, width, poolAfterBlock3: false }, 32, batch, 100),
};
export default deepcluster;
