import { compiledStep, type StepListener } from '@selfsup/engine/compiled-step';
import { setTrainingStep } from '@selfsup/engine/layers';
import { tf } from '@selfsup/engine/tensorflow';
import { deriveKey } from '@selfsup/kit/random';
import { requireFiniteLosses, type Diverging } from './divergence.ts';
import type { ParameterGroups } from './parameter-groups.ts';
import type { StepContext, Trainee } from './trainee.ts';

export interface StepValues {
  /** Losses and metrics by name. */
  readonly values: Record<string, number>;
  readonly samples: number;
}

/** As `takeStep`, a part of the batch at a time: each is a compiled function of its own. The update after them is none. */
function takeStepInParts<Batch>(
  trainee: Pick<Trainee<Batch>, 'step' | 'afterStep'>,
  groups: ParameterGroups,
  parts: readonly Batch[],
  context: StepContext,
  learningRate: number,
  about: Pick<Diverging, 'name' | 'lastGood'>,
  listener?: StepListener,
): StepValues {
  const values: Record<string, number> = {};
  let watched: string[] = [];
  let samples = 0;
  for (const part of parts) {
    const outcome = compiledStep(
      () =>
        tf.tidy(() => {
          const { losses, metrics = {}, gradients, samples: own } = trainee.step(part, context);
          groups.accumulate(gradients, own);
          const scalars = { ...losses, ...metrics };
          return {
            names: Object.keys(scalars),
            watched: Object.keys(losses),
            own,
            stacked: tf.stack(Object.values(scalars)),
          };
        }),
      listener,
    );
    const numbers = outcome.stacked.dataSync();
    outcome.stacked.dispose();
    outcome.names.forEach((name, i) => (values[name] = (values[name] ?? 0) + numbers[i]! * outcome.own));
    watched = outcome.watched;
    samples += outcome.own;
  }
  for (const name of Object.keys(values)) values[name]! /= samples;
  const losses = Object.fromEntries(watched.map((name) => [name, values[name]!]));
  requireFiniteLosses(losses, { ...about, step: context.step + 1, epoch: context.epoch + 1 });
  tf.tidy(() => {
    groups.applyAccumulated(samples, learningRate);
    trainee.afterStep?.(context);
  });
  return { values, samples };
}

/**
 * One training step: forward and backward pass, then the optimisers' update, then what the trainee does after it, compiled
 * into one function from the third such step on. Reads all losses and metrics from the device in one go, at the end.
 * Throws `UserError` naming the step and the terms when a loss is not finite.
 */
export function takeStep<Batch>(
  trainee: Pick<Trainee<Batch>, 'step' | 'afterStep' | 'parts'>,
  groups: ParameterGroups,
  batch: Batch,
  context: StepContext,
  learningRate: number,
  about: Pick<Diverging, 'name' | 'lastGood'> = {},
  listener?: StepListener,
): StepValues {
  setTrainingStep(deriveKey(context.key, 'dropout'));
  try {
    const parts = trainee.parts?.(batch) ?? [batch];
    if (parts.length > 1) return takeStepInParts(trainee, groups, parts, context, learningRate, about, listener);
    const { names, watched, samples, stacked } = compiledStep(
      () =>
        tf.tidy(() => {
          const { losses, metrics = {}, gradients, samples } = trainee.step(batch, context);
          groups.apply(gradients, learningRate);
          trainee.afterStep?.(context);
          const scalars = { ...losses, ...metrics };
          const watched = Object.keys(losses);
          return { names: Object.keys(scalars), watched, samples, stacked: tf.stack(Object.values(scalars)) };
        }),
      listener,
    );
    // Only now, when all else of the step is disposed of, so that none of it has to outlive the function.
    const numbers = stacked.dataSync();
    stacked.dispose();
    const values = Object.fromEntries(names.map((name, index) => [name, numbers[index]!]));
    const losses = Object.fromEntries(watched.map((name) => [name, values[name]!]));
    requireFiniteLosses(losses, { ...about, step: context.step + 1, epoch: context.epoch + 1 });
    return { values, samples };
  } finally {
    setTrainingStep(undefined);
  }
}
