import { cluster } from '@selfsup/engine/cluster';
import { compiledStep, type StepListener } from '@selfsup/engine/compiled-step';
import { setTrainingStep } from '@selfsup/engine/layers';
import { sumOverProcesses } from '@selfsup/engine/sum-over-processes';
import { tf } from '@selfsup/engine/tensorflow';
import { UserError } from '@selfsup/kit/errors';
import { deriveKey } from '@selfsup/kit/random';
import type { NamedVariable } from '@selfsup/models/weights';
import type { ParameterGroups } from '../parameter-groups.ts';
import type { StepContext, Trainee } from '../trainee.ts';

/** Into how many parts a batch is cut, which of them this process computes, and whether it was asked to stop. */
interface Replication<Batch> {
  readonly replicas: number;
  /** This process's parts of the batch. */
  readonly parts: readonly Batch[];
  readonly stop: boolean;
}

/** What a step over all parts gives. */
interface ReplicatedStep {
  /** Means over the parts of losses and metrics, by name. */
  readonly values: Record<string, number>;
  readonly losses: readonly string[];
  /** Of all parts. */
  readonly samples: number;
  /** Whether any process was asked to stop. */
  readonly stop: boolean;
}

/** What stands where in the vector of a part. */
interface Layout {
  readonly gradients: readonly { readonly name: string; readonly shape: readonly number[] }[];
  /** What the step changed itself: moving statistics. */
  readonly moved: readonly NamedVariable[];
  readonly scalars: readonly string[];
  readonly losses: readonly string[];
  readonly samples: number;
}

/**
 * Throws `UserError` where a batch cannot be cut into as many parts, or there are more processes than parts. Their number
 * changes no bit of the result, so it is no setting.
 */
export function checkReplicas(replicas: number, batchSize: number): void {
  const processes = cluster()?.size ?? 1;
  const field = 'replicas';
  if (!Number.isInteger(Math.log2(replicas))) {
    throw new UserError(`A batch cannot be cut into ${replicas} parts`, { field, remedy: 'Take a power of two.' });
  }
  if (batchSize % replicas !== 0) {
    throw new UserError(`A batch of ${batchSize} cannot be cut into ${replicas} equal parts`, {
      field,
      remedy: `Take a 'batchSize' that ${replicas} divides, or fewer replicas.`,
    });
  }
  if (processes > replicas) {
    throw new UserError(
      `${processes} processes cannot share a batch of ${replicas} ${replicas === 1 ? 'part' : 'parts'}`,
      {
        field,
        remedy: `Start at most ${replicas}, or set 'replicas' to ${processes} or more, which makes it another training.`,
      },
    );
  }
}

/**
 * One training step on a batch that is cut into parts. Each part goes forward and backward by itself, with batch-norm
 * statistics and random numbers of its own; gradients, moving statistics, losses and metrics are means over the parts. Sums are
 * those of a balanced binary tree over the parts, whichever process computes which: all travel as one vector, together with the
 * wish to stop, so that all processes stop after the same step. Throws `ProcessLost` when another process is gone.
 */
export function takeReplicatedStep<Batch>(
  trainee: Pick<Trainee<Batch>, 'step' | 'afterStep' | 'weights'>,
  groups: ParameterGroups,
  { replicas, parts, stop }: Replication<Batch>,
  context: StepContext,
  learningRate: number,
  listener?: StepListener,
): ReplicatedStep {
  const untrained = trainee.weights.filter(({ name }) => !groups.has(name));
  const first = (cluster()?.rank ?? 0) * parts.length;
  let layout: Layout | undefined;

  /** Gradients, statistics and values of a part as one vector, which begins with what is counted. */
  const vectorOf = (part: number, before: readonly tf.Tensor[]): tf.Tensor1D =>
    tf.tidy(() => {
      untrained.forEach(({ variable }, i) => variable.assign(before[i] as never));
      const key = deriveKey(context.key, 'replica', first + part);
      setTrainingStep(deriveKey(key, 'dropout'));
      const { losses, metrics = {}, gradients, samples } = trainee.step(parts[part]!, { ...context, key });
      const moved = untrained.filter(({ variable }, i) => variable.dataId !== before[i]!.dataId);
      const values = { ...losses, ...metrics };
      layout = {
        gradients: Object.entries(gradients).map(([name, { shape }]) => ({ name, shape })),
        ...{ moved, samples, scalars: Object.keys(values), losses: Object.keys(losses) },
      };
      const counted = tf.tensor1d([samples, stop && part === 0 ? 1 : 0]);
      const all = [
        counted,
        ...Object.values(values),
        ...Object.values(gradients),
        ...moved.map(({ variable }) => variable),
      ];
      return tf.concat1d(all.map((one) => one.reshape([-1]) as tf.Tensor1D));
    });
  const sumOf = (from: number, count: number, before: readonly tf.Tensor[]): tf.Tensor1D => {
    if (count === 1) return vectorOf(from, before);
    return tf.tidy(() => {
      const half = count / 2;
      return sumOf(from, half, before).add<tf.Tensor1D>(sumOf(from + half, half, before));
    });
  };

  try {
    const own = compiledStep(
      () =>
        tf.tidy(() => {
          const before = untrained.map(({ variable }) => variable.clone());
          const sum = sumOf(0, parts.length, before);
          untrained.forEach(({ variable }, i) => variable.assign(before[i] as never));
          return sum;
        }),
      listener,
    );
    const whole = sumOverProcesses(own, `at step ${context.step + 1}`);
    own.dispose();
    const { gradients, moved, scalars, losses, samples } = layout!;
    const counted = compiledStep(
      () =>
        tf.tidy(() => {
          const mean = whole.mul<tf.Tensor1D>(1 / replicas);
          let at = 0;
          const next = (shape: readonly number[]): tf.Tensor => {
            const size = shape.reduce((product, side) => product * side, 1);
            const part = mean.slice([at], [size]);
            at += size;
            const shaped = part.reshape([...shape]);
            part.dispose(); // the optimisers change what nobody else holds
            return shaped;
          };
          const head = next([2 + scalars.length]);
          const means = Object.fromEntries(gradients.map(({ name, shape }) => [name, next(shape)]));
          for (const { variable } of moved) variable.assign(next(variable.shape) as never);
          groups.apply(means, learningRate);
          trainee.afterStep?.(context);
          return head;
        }),
      listener,
    );
    whole.dispose();
    const [meanSamples, asked, ...values] = counted.dataSync();
    counted.dispose();
    if (meanSamples !== samples)
      throw new Error(`The parts of a batch have ${meanSamples} samples on average, not ${samples}.`);
    return {
      values: Object.fromEntries(scalars.map((name, i) => [name, values[i]!])),
      ...{ losses, samples: samples * replicas, stop: asked! > 0 },
    };
  } finally {
    setTrainingStep(undefined);
  }
}
