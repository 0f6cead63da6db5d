import { cluster } from '@selfsup/engine/cluster';
import { compiledStep, type StepListener } from '@selfsup/engine/compiled-step';
import { setTrainingStep } from '@selfsup/engine/layers';
import { amongProcesses, sumOverProcesses } from '@selfsup/engine/sum-over-processes';
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

/** Gradients of so many numbers are added by themselves: to bring them into a vector and out again takes as long as adding. */
const LARGE = 2 ** 18;
const isLarge = ({ size }: tf.Tensor): boolean => size >= LARGE;

/**
 * What is added of a part, or of several: small gradients, statistics and values as a vector, which begins with what is counted;
 * then large gradients, each of which is used and freed before the next.
 */
type Summands = [vector: tf.Tensor1D, ...large: tf.Tensor[]];

/** What stands where in the vector of a part, and which gradients are beside it. */
interface Layout {
  readonly gradients: readonly { readonly name: string; readonly shape: readonly number[] }[];
  readonly large: readonly string[];
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

/** A vector in a shape, in its own place: the optimisers change what nobody else holds. */
function shaped(vector: tf.Tensor, shape: readonly number[]): tf.Tensor {
  if (shape.length === 1) return vector;
  const result = vector.reshape([...shape]);
  vector.dispose();
  return result;
}

/**
 * One training step on a batch that is cut into parts, compiled into one function as a whole step is. Each part goes forward and
 * backward by itself, with batch-norm statistics and random numbers of its own; gradients, moving statistics, losses and metrics are
 * means over the parts. Sums are those of a balanced binary tree over the parts, whichever process computes which. The wish to stop
 * is added too, so that all processes stop after the same step. Throws `ProcessLost` when another process is gone.
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

  const summandsOf = (part: number, before: readonly tf.Tensor[]): Summands => {
    untrained.forEach(({ variable }, i) => variable.assign(before[i] as never));
    const key = deriveKey(context.key, 'replica', first + part);
    setTrainingStep(deriveKey(key, 'dropout'));
    const { losses, metrics = {}, gradients, samples } = trainee.step(parts[part]!, { ...context, key });
    const moved = untrained.filter(({ variable }, i) => variable.dataId !== before[i]!.dataId);
    const values = { ...losses, ...metrics };
    const small = Object.entries(gradients).filter(([, gradient]) => !isLarge(gradient));
    const large = Object.entries(gradients)
      .filter(([, gradient]) => isLarge(gradient))
      .reverse();
    layout = {
      gradients: small.map(([name, { shape }]) => ({ name, shape })),
      large: large.map(([name]) => name),
      ...{ moved, samples, scalars: Object.keys(values), losses: Object.keys(losses) },
    };
    const counted = tf.tensor1d([samples, stop && part === 0 ? 1 : 0]);
    const all = [
      counted,
      ...Object.values(values),
      ...small.map(([, gradient]) => gradient),
      ...moved.map(({ variable }) => variable),
      // A number of each, for which adding waits until all are known: processes that add one gradient while others of them
      // still compute it would wait for each other at every one, now one at the next, now the other.
      ...large.map(([, gradient]) => gradient.reshape([-1]).slice([0], [1])),
    ];
    const vector = tf.concat1d(all.map((one) => (one.rank === 1 ? one : one.reshape([-1])) as tf.Tensor1D));
    return [vector, ...large.map(([, gradient]) => gradient)];
  };
  const sumOf = (from: number, count: number, before: readonly tf.Tensor[]): Summands =>
    tf.tidy(() => {
      if (count === 1) return summandsOf(from, before);
      const half = count / 2;
      const [left, right] = [sumOf(from, half, before), sumOf(from + half, half, before)];
      return left.map((one, i) => one.add(right[i]!)) as Summands;
    });
  /** Takes the update, and gives what was counted and all values. */
  const update = (): tf.Tensor => {
    const before = untrained.map(({ variable }) => variable.clone());
    const [vector, ...largest] = sumOf(0, parts.length, before);
    untrained.forEach(({ variable }, i) => variable.assign(before[i] as never));
    const meanOf = <T extends tf.Tensor>(sum: T): T => sumOverProcesses(sum, { scale: 1 / replicas });
    const { gradients, large, moved, scalars } = layout!;
    const mean = meanOf(vector);
    const means = Object.fromEntries(large.map((name, i) => [name, meanOf(largest[i]!)]));
    // Not an op for each: there are many, and most are small.
    const shapes = [
      [2 + scalars.length],
      ...gradients.map(({ shape }) => shape),
      ...moved.map(({ variable }) => variable.shape),
    ];
    const sizes = shapes.map((shape) => shape.reduce((product, side) => product * side, 1));
    const [head, ...others] = tf
      .split(mean, [...sizes, large.length])
      .slice(0, -1)
      .map((part, i) => shaped(part, shapes[i]!));
    gradients.forEach(({ name }, i) => (means[name] = others[i]!));
    moved.forEach(({ variable }, i) => variable.assign(others[gradients.length + i] as never));
    groups.apply(means, learningRate);
    trainee.afterStep?.(context);
    return head!;
  };

  try {
    const counted = amongProcesses(`at step ${context.step + 1}`, () => compiledStep(() => tf.tidy(update), listener));
    const { scalars, losses, samples } = layout!;
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
