import type { Batch } from '@selfsup/data/loader';
import { integer, randomKey } from '@selfsup/kit/random';
import { configureNetwork } from '@selfsup/models/network';
import { optimizerSchema } from '@selfsup/models/optimizers/config';
import biganStage from '@selfsup/tasks/pretext/bigan';
import type { BiganConfig } from '@selfsup/tasks/pretext/bigan/config';
import { createBigan } from '@selfsup/tasks/pretext/bigan/run';
import type { TaskContext } from '@selfsup/tasks/task';
import { ParameterGroups } from '@selfsup/trainer/parameter-groups';
import { repeatedStep } from '../repeated-step.ts';
import type { StepShape, System } from '../system.ts';

const input = { height: 28, width: 28, channels: 1 };

/** The step of bigan-small from raw images on, codes drawn in it: three parameter groups of Adam from one forward pass. */
const bigan: System = {
  title: 'BiGAN, permutation-invariant, codes of 50',
  defaults: { width: 1024, batch: 128 },
  tiny: { width: 16, batch: 2 },
  async step({ width, batch }: StepShape) {
    const network = await configureNetwork({ name: 'bigan-mlp', width, lastStd: 0.02 });
    const { task: config } = biganStage.schema.parse({ network: { name: 'bigan-mlp' }, epochs: 1 });
    const instance = await createBigan({
      config,
      input,
      normalisation: { mean: [0], std: [255] },
      adversaries: network.adversaries,
      buildEncoder: () => network.build(input, randomKey(1, 'bench')),
      key: (...path: readonly (number | string)[]) => randomKey(1, ...path),
    } as unknown as TaskContext<BiganConfig>);
    const adam = { name: 'adam', beta1: 0.5, weightDecay: 2.5e-5 };
    const groups = new ParameterGroups(optimizerSchema.parse(adam), instance.parameterGroups);
    const images = Uint8Array.from({ length: batch * 28 * 28 }, (_, at) => integer([1, 2], 256, at));
    const given = { images, shape: [batch, 28, 28, 1], labels: new Int32Array(batch) } as unknown as Batch;
    return repeatedStep(instance, groups, given, 2e-4, 'discriminator');
  },
};
export default bigan;
