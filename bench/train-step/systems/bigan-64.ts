import { configureNetwork } from '@selfsup/models/network';
import { optimizerSchema } from '@selfsup/models/optimizers/config';
import biganStage from '@selfsup/tasks/pretext/bigan';
import type { BiganConfig } from '@selfsup/tasks/pretext/bigan/config';
import { createBigan } from '@selfsup/tasks/pretext/bigan/run';
import type { TaskContext } from '@selfsup/tasks/task';
import { ParameterGroups } from '@selfsup/trainer/parameter-groups';
import { networkContext, noiseBatch } from '../labelled-images.ts';
import { repeatedStep } from '../repeated-step.ts';
import type { StepShape, System } from '../system.ts';

const input = { height: 64, width: 64, channels: 3 };

/** The step of bigan-imagenet from raw images on, codes drawn in it. Width: of the largest maps of G and D. */
const bigan: System = {
  title: 'BiGAN, 64 pixels: AlexNet, generator and discriminator of 5×5 convolutions',
  defaults: { width: 64, batch: 128 },
  async step({ width, batch }: StepShape) {
    const network = { name: 'alexnet', variant: 'bigan' };
    const task = { latent: 200, adversaries: { name: 'bigan-conv', width } };
    const { task: config } = biganStage.schema.parse({ network, epochs: 1, task });
    const instance = await createBigan({
      config,
      ...networkContext(await configureNetwork(network), input),
      normalisation: { mean: [127.5, 127.5, 127.5], std: [127.5, 127.5, 127.5] },
    } as unknown as TaskContext<BiganConfig>);
    const adam = { name: 'adam', beta1: 0.5, weightDecay: 2.5e-5 };
    const groups = new ParameterGroups(optimizerSchema.parse(adam), instance.parameterGroups);
    const given = noiseBatch(input, batch);
    return repeatedStep(instance, groups, given, 2e-4, 'discriminator');
  },
};
export default bigan;
