import { setTrainingStep } from '@selfsup/engine/layers';
import { deriveKey } from '@selfsup/engine/random';
import { tf } from '@selfsup/engine/tensorflow';
import { requireFiniteLosses, type Diverging } from './divergence.ts';
import type { ParameterGroups } from './parameter-groups.ts';
import type { StepContext, Trainee } from './trainee.ts';

export interface StepValues {
  /** Losses and metrics by name. */
  readonly values: Record<string, number>;
  readonly samples: number;
}

/**
 * One training step: forward and backward pass, then the optimisers' update, then what the trainee does after it.
 * Reads all losses and metrics from the device in one go, at the end.
 * Throws `UserError` naming the step and the terms when a loss is not finite.
 */
export function takeStep<Batch>(
  trainee: Pick<Trainee<Batch>, 'step' | 'afterStep'>,
  groups: ParameterGroups,
  batch: Batch,
  context: StepContext,
  learningRate: number,
  about: Pick<Diverging, 'name' | 'lastGood'> = {},
): StepValues {
  setTrainingStep(deriveKey(context.key, 'dropout'));
  tf.engine().startScope('step');
  try {
    const { losses, metrics = {}, gradients, samples } = trainee.step(batch, context);
    groups.apply(gradients, learningRate);
    trainee.afterStep?.(context);
    const scalars = { ...losses, ...metrics };
    const numbers = tf.stack(Object.values(scalars)).dataSync();
    const values = Object.fromEntries(Object.keys(scalars).map((name, index) => [name, numbers[index]!]));
    const watched = Object.fromEntries(Object.keys(losses).map((name) => [name, values[name]!]));
    requireFiniteLosses(watched, { ...about, step: context.step + 1, epoch: context.epoch + 1 });
    return { values, samples };
  } finally {
    tf.engine().endScope();
    setTrainingStep(undefined);
  }
}
