import { configureNetwork } from '@selfsup/models/network';
import { optimizerSchema } from '@selfsup/models/optimizers/config';
import jigsawStage from '@selfsup/tasks/pretext/jigsaw';
import type { JigsawConfig } from '@selfsup/tasks/pretext/jigsaw/config';
import { createJigsaw } from '@selfsup/tasks/pretext/jigsaw/run';
import type { TaskContext } from '@selfsup/tasks/task';
import { ParameterGroups } from '@selfsup/trainer/parameter-groups';
import { trainingFlops } from '../flops.ts';
import { networkContext, noiseBatch } from '../labelled-images.ts';
import { repeatedStep } from '../repeated-step.ts';
import type { StepShape, System } from '../system.ts';

const input = { height: 227, width: 227, channels: 3 };
const caffe = { name: 'sgd', nesterov: false, biasLearningRate: 2, excludeFromDecay: ['bias'] };

/** The step of jigsaw-imagenet from crops on: cutting and normalising the tiles are part of it. Width: channels of conv1. */
const cfn: System = {
  title: 'Jigsaw, published: the Context-Free Network on nine 64-pixel tiles, 1,000 orders',
  defaults: { width: 96, batch: 16 },
  async step({ width, batch }: StepShape) {
    const network = { name: 'cfn', widthMultiplier: width / 96 };
    const { task: config } = jigsawStage.schema.parse({
      network,
      epochs: 1,
      data: { augment: { randomCrop: 227 } },
      task: { colourShift: 2 },
    });
    const context = networkContext(await configureNetwork(network), input);
    const instance = await createJigsaw({ config, ...context } as unknown as TaskContext<JigsawConfig>);
    const groups = new ParameterGroups(optimizerSchema.parse(caffe), instance.parameterGroups);
    const given = noiseBatch(input, batch);
    const tiles = 9 * batch;
    const { tile, head } = instance.models;
    const trunk = context.buildEncoder({ ...input, height: 64, width: 64 });
    const flops =
      trainingFlops(trunk, tiles, true) + trainingFlops(tile!, tiles, false) + trainingFlops(head!, batch, false);
    return Object.assign(repeatedStep(instance, groups, given, 0.01), { flops });
  },
};
export default cfn;
