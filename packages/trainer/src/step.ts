import { UserError } from '@selfsup/engine/errors';
import { setTrainingStep } from '@selfsup/engine/layers';
import { deriveKey } from '@selfsup/engine/random';
import { tf } from '@selfsup/engine/tensorflow';
import type { ParameterGroups } from './parameter-groups.ts';
import type { StepContext, Trainee } from './trainee.ts';

export interface StepValues {
  /** Losses and metrics by name. */
  readonly values: Record<string, number>;
  readonly samples: number;
}

/** What the message about a step that diverged names. */
interface About {
  readonly name?: string;
  /** The file to go back to. */
  readonly lastGood?: string | undefined;
}

/**
 * One training step: forward and backward pass, then the optimisers' update. Reads all losses and metrics from the device in one go.
 * Throws `UserError` naming the step and the terms when a loss is not finite.
 */
export function takeStep<Batch>(
  trainee: Pick<Trainee<Batch>, 'step' | 'afterStep'>,
  groups: ParameterGroups,
  batch: Batch,
  context: StepContext,
  learningRate: number,
  about: About = {},
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
    stopUnlessFinite(values, Object.keys(losses), context, about);
    return { values, samples };
  } finally {
    tf.engine().endScope();
    setTrainingStep(undefined);
  }
}

function stopUnlessFinite(
  values: Readonly<Record<string, number>>,
  losses: readonly string[],
  { epoch, step }: StepContext,
  { name = 'Training', lastGood }: About,
): void {
  if (losses.every((name) => Number.isFinite(values[name]))) return;
  const terms = losses.map((name) => `${name} = ${values[name]}`).join(', ');
  throw new UserError(`${name} diverged at step ${step + 1} (epoch ${epoch + 1}): ${terms}`, {
    file: lastGood,
    field: 'schedule.learningRate',
    remedy:
      lastGood === undefined
        ? 'Lower the learning rate; no checkpoint had been written yet.'
        : 'Lower the learning rate; the file is the last good checkpoint.',
  });
}
