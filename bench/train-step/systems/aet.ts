import type { Batch } from '@selfsup/data/loader';
import { integer, randomKey } from '@selfsup/kit/random';
import nin from '@selfsup/models/networks/nin';
import { optimizerSchema } from '@selfsup/models/optimizers/config';
import { aet as task } from '@selfsup/tasks/pretext/aet';
import type { AetConfig } from '@selfsup/tasks/pretext/aet/config';
import { createAet } from '@selfsup/tasks/pretext/aet/run';
import type { TaskContext } from '@selfsup/tasks/task';
import { ParameterGroups } from '@selfsup/trainer/parameter-groups';
import { repeatedStep } from '../repeated-step.ts';
import type { StepShape, System } from '../system.ts';

const input = { height: 32, width: 32, channels: 3 };

/** The step of aet-projective-small from raw images on: drawing and applying the transformations are part of it. */
const aet: System = {
  title: 'AET, projective, small: NIN, 3 blocks, on pairs',
  defaults: { width: 64, batch: 256 },
  tiny: { width: 8, batch: 2 },
  async step({ width, batch }: StepShape) {
    const instance = await createAet({
      config: task.schema.parse({ transformation: 'projective' }),
      input,
      normalisation: { mean: [125.3, 123, 113.9], std: [63, 62.1, 66.7] },
      buildEncoder: () => nin.build({ blocks: 3, width, poolAfterBlock3: false }, input, randomKey(1, 'bench')),
      key: (...path: readonly (number | string)[]) => randomKey(1, ...path),
    } as unknown as TaskContext<AetConfig>);
    const groups = new ParameterGroups(optimizerSchema.parse({ name: 'sgd' }), instance.parameterGroups);
    const images = Uint8Array.from({ length: batch * 32 * 32 * 3 }, (_, at) => integer([1, 2], 256, at));
    const given = { images, shape: [batch, 32, 32, 3], labels: new Int32Array(batch) } as unknown as Batch;
    return repeatedStep(instance, groups, given, 0.1);
  },
};
export default aet;
