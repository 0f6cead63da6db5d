import type { Batch } from '@selfsup/data/loader';
import { integer, randomKey } from '@selfsup/kit/random';
import nin from '@selfsup/models/networks/nin';
import { optimizerSchema } from '@selfsup/models/optimizers/config';
import jigsawStage from '@selfsup/tasks/pretext/jigsaw';
import type { JigsawConfig } from '@selfsup/tasks/pretext/jigsaw/config';
import { createJigsaw } from '@selfsup/tasks/pretext/jigsaw/run';
import type { TaskContext } from '@selfsup/tasks/task';
import { ParameterGroups } from '@selfsup/trainer/parameter-groups';
import { repeatedStep } from '../repeated-step.ts';
import type { StepShape, System } from '../system.ts';

const input = { height: 32, width: 32, channels: 3 };
/** The head is that of jigsaw-small at its width of 64, and as much narrower as the trunk. */
const taskOf = (width: number) => ({
  geometry: 'small',
  permutations: { count: 64 },
  head: { fc6: 2 * width, fc7: 8 * width, dropout: 0, start: 'pytorch' },
});

/** The step of jigsaw-small from raw images on: cutting and normalising the tiles are part of it. */
const jigsaw: System = {
  title: 'Jigsaw, small: block 1 of NIN on nine 8-pixel tiles, 64 orders',
  defaults: { width: 64, batch: 128 },
  tiny: { width: 8, batch: 2 },
  async step({ width, batch }: StepShape) {
    const { task: config } = jigsawStage.schema.parse({ network: { name: 'nin' }, epochs: 1, task: taskOf(width) });
    const instance = await createJigsaw({
      config,
      input,
      buildEncoder: (shape = input) =>
        nin.build({ blocks: 1, width, poolAfterBlock3: false }, shape, randomKey(1, 'bench')),
      key: (...path: readonly (number | string)[]) => randomKey(1, ...path),
    } as unknown as TaskContext<JigsawConfig>);
    const groups = new ParameterGroups(optimizerSchema.parse({ name: 'sgd' }), instance.parameterGroups);
    const images = Uint8Array.from({ length: batch * 32 * 32 * 3 }, (_, at) => integer([1, 2], 256, at));
    const given = { images, shape: [batch, 32, 32, 3], labels: new Int32Array(batch) } as unknown as Batch;
    return repeatedStep(instance, groups, given, 0.1);
  },
};
export default jigsaw;
