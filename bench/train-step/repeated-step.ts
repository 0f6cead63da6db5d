import { cluster } from '@selfsup/engine/cluster';
import type { tf } from '@selfsup/engine/tensorflow';
import { randomKey } from '@selfsup/kit/random';
import { modelWeights } from '@selfsup/models/weights';
import { takeReplicatedStep } from '@selfsup/trainer/replicated-step';
import { takeStep } from '@selfsup/trainer/step';

type Step = Parameters<typeof takeStep>;

/**
 * Takes a step on the same batch each time, with random numbers of its own, and gives the loss of that name. Where several
 * processes take it together, the batch is this one's part of theirs.
 */
export function repeatedStep(
  instance: Step[0] & { readonly models: Readonly<Record<string, tf.LayersModel>> },
  groups: Step[1],
  given: Step[2],
  learningRate: number,
  loss = 'loss',
): () => number {
  let step = 0;
  const weights = Object.entries(instance.models).flatMap(([name, model]) => modelWeights(name, model));
  const replicas = cluster()?.size ?? 1;
  return () => {
    const position = { epoch: 0, step, key: randomKey(1, 'step', step++) };
    if (replicas > 1) {
      const part = { replicas, parts: [given], stop: false };
      return takeReplicatedStep({ ...instance, weights }, groups, part, position, learningRate).values[loss]!;
    }
    return takeStep(instance, groups, given, position, learningRate).values[loss]!;
  };
}
