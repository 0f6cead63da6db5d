import type { Batch } from '@selfsup/data/loader';
import { integer, randomKey } from '@selfsup/kit/random';
import nin from '@selfsup/models/networks/nin';
import { optimizerSchema } from '@selfsup/models/optimizers/config';
import { aed as task } from '@selfsup/tasks/pretext/aed';
import type { AedConfig } from '@selfsup/tasks/pretext/aed/config';
import { createAed } from '@selfsup/tasks/pretext/aed/run';
import type { TaskContext } from '@selfsup/tasks/task';
import { ParameterGroups } from '@selfsup/trainer/parameter-groups';
import { repeatedStep } from '../repeated-step.ts';
import type { StepShape, System } from '../system.ts';

const input = { height: 32, width: 32, channels: 3 };

/** The step of aed-small from raw images on. */
const aed: System = {
  title: 'AED, small: NIN, 3 blocks, and a decoder of half its width',
  defaults: { width: 64, batch: 128 },
  tiny: { width: 8, batch: 2 },
  async step({ width, batch }: StepShape) {
    const instance = await createAed({
      config: task.schema.parse({ width: width / 2 }),
      input,
      normalisation: { mean: [125.3, 123, 113.9], std: [63, 62.1, 66.7] },
      buildEncoder: () => nin.build({ blocks: 3, width, poolAfterBlock3: false }, input, randomKey(1, 'bench')),
      key: (...path: readonly (number | string)[]) => randomKey(1, ...path),
    } as unknown as TaskContext<AedConfig>);
    const optimizer = optimizerSchema.parse({ name: 'adam', weightDecay: 0 });
    const groups = new ParameterGroups(optimizer, instance.parameterGroups);
    const images = Uint8Array.from({ length: batch * 32 * 32 * 3 }, (_, at) => integer([1, 2], 256, at));
    const given = { images, shape: [batch, 32, 32, 3], labels: new Int32Array(batch) } as unknown as Batch;
    return repeatedStep(instance, groups, given, 0.001);
  },
};
export default aed;
