import { randomKey } from '@selfsup/kit/random';
import { takeStep } from '@selfsup/trainer/step';

type Step = Parameters<typeof takeStep>;

/** Takes a step on the same batch each time, with random numbers of its own, and gives the loss of that name. */
export function repeatedStep(
  instance: Step[0],
  groups: Step[1],
  given: Step[2],
  learningRate: number,
  loss = 'loss',
): () => number {
  let step = 0;
  return () => {
    const position = { epoch: 0, step, key: randomKey(1, 'step', step++) };
    return takeStep(instance, groups, given, position, learningRate).values[loss]!;
  };
}
