import type { Batch } from '@selfsup/data/loader';
import { integer, randomKey } from '@selfsup/kit/random';
import { configureNetwork, type ConfiguredNetwork, type ImageShape } from '@selfsup/models/network';
import type { NetworkSection } from '@selfsup/models/network-section';
import type { OptimizerConfig } from '@selfsup/models/optimizers/config';
import type { SupervisedConfig } from '@selfsup/tasks/pretext/supervised/config';
import { createSupervised } from '@selfsup/tasks/pretext/supervised/run';
import type { TaskContext } from '@selfsup/tasks/task';
import { ParameterGroups } from '@selfsup/trainer/parameter-groups';
import { trainingFlops } from './flops.ts';
import { repeatedStep } from './repeated-step.ts';

const CLASSES = 1000;

/** A batch of noise as the loader gives it: bytes, labels counting up. */
export function noiseBatch({ height, width, channels }: ImageShape, batch: number, classes = CLASSES): Batch {
  const images = Uint8Array.from({ length: batch * height * width * channels }, (_, at) => integer([1, 2], 256, at));
  const labels = Int32Array.from({ length: batch }, (_, i) => i % classes);
  const indices = Uint32Array.from(labels.keys());
  return { images, shape: [batch, height, width, channels], views: 1, labels, indices, first: 0 };
}

/** What all tasks take from their context, for a network on images of one size, in units of ImageNet's colours. */
export function networkContext(network: ConfiguredNetwork, input: ImageShape) {
  return {
    input,
    normalisation: { mean: [123.675, 116.28, 103.53], std: [58.395, 57.12, 57.375] },
    buildEncoder: (shape = input) => network.build(shape, randomKey(1, 'bench')),
    key: (...path: readonly (number | string)[]) => randomKey(1, ...path),
    ...(network.embed && { embed: network.embed }),
  };
}

/** The step of `tasks/supervised` from raw images on: 1,000 classes on the network's embedding. */
export async function labelledStep(section: NetworkSection, side: number, batch: number, optimizer: OptimizerConfig) {
  const input = { height: side, width: side, channels: 3 };
  const instance = await createSupervised({
    ...networkContext(await configureNetwork(section), input),
    dataset: { manifest: { name: 'noise', classes: Array.from({ length: CLASSES }, String) } },
  } as unknown as TaskContext<SupervisedConfig>);
  const groups = new ParameterGroups(optimizer, instance.parameterGroups);
  const given = noiseBatch(input, batch);
  const { encoder, head } = instance.models;
  const flops = trainingFlops(encoder!, batch, true) + trainingFlops(head!, batch, false);
  return Object.assign(repeatedStep(instance, groups, given, 0.01), { flops });
}
