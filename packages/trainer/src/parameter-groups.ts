import { eagerly } from '@selfsup/engine/compiled-step';
import { ResourceVariable, subtractScaled } from '@selfsup/engine/optimizer-ops';
import { tf } from '@selfsup/engine/tensorflow';
import type { TensorData } from '@selfsup/models/checkpoint';
import { optimizerSchema, type OptimizerConfig } from '@selfsup/models/optimizers/config';
import { createOptimizer, type Gradients, type Optimizer } from '@selfsup/models/optimizers/create-optimizer';
import type { ParameterGroup } from './trainee.ts';

/** The optimisers of a training, one for each parameter group. */
export class ParameterGroups {
  readonly #optimizers = new Map<string, Optimizer>();
  readonly #rates = new Map<string, number>();
  /** Of gradients, by variable, where a step is taken in parts; they have no values between steps. */
  readonly #sums = new Map<string, ResourceVariable>();
  #isSumming = false;
  /** The shapes of all variables that are trained. */
  readonly #shapes = new Map<string, readonly number[]>();

  /** Throws `Error` for a rate that is not positive. */
  constructor(config: OptimizerConfig, groups: readonly ParameterGroup[]) {
    for (const group of groups) {
      const own = optimizerSchema.parse({ ...baseFor(config, group), ...group.optimizer });
      const { rate = 1 } = group;
      if (!(rate > 0)) throw new Error(`The group ${group.name} has the learning rate factor ${rate}.`);
      this.#rates.set(group.name, rate);
      for (const { name, variable } of group.variables) this.#shapes.set(name, variable.shape);
      this.#optimizers.set(group.name, createOptimizer(own, group.variables, group.exemptFromDecay));
    }
  }

  /** Whether a variable is trained. */
  has(name: string): boolean {
    return this.#shapes.has(name);
  }

  /** One update of every group from the same gradients. */
  apply(gradients: Gradients, learningRate: number): void {
    for (const [name, optimizer] of this.#optimizers) optimizer.apply(gradients, this.#rates.get(name)! * learningRate);
  }

  /** Adds gradients of this many samples to those of the step under way, in place. */
  accumulate(gradients: Readonly<tf.NamedTensorMap>, samples: number): void {
    // Aside, so that all parts are alike: the first ends in the same function.
    if (!this.#isSumming) eagerly(() => this.#beginSums());
    tf.tidy(() => {
      const negative = tf.scalar(-samples);
      for (const name of this.#shapes.keys()) subtractScaled(this.#sums.get(name)!, negative, gradients[name]!);
    });
  }

  /**
   * One update of every group from the mean over all samples that were added since the last one. Not for a compiled step: each
   * mean is made when its turn has come, and nothing else of its size beside it.
   */
  applyAccumulated(samples: number, learningRate: number): void {
    this.#isSumming = false;
    const mean = (name: string): tf.Tensor => {
      const sum = this.#sums.get(name)!;
      const read = sum.read();
      const divided = read.div(samples);
      read.dispose();
      sum.forget();
      return divided;
    };
    this.apply(mean, learningRate);
  }

  #beginSums(): void {
    this.#isSumming = true;
    for (const [name, shape] of this.#shapes) {
      const sum = this.#sums.get(name) ?? new ResourceVariable(shape);
      this.#sums.set(name, sum);
      sum.clear();
    }
  }

  reset(names: readonly string[]): void {
    for (const name of names) {
      const optimizer = this.#optimizers.get(name);
      if (optimizer === undefined) throw new Error(`There is no parameter group named ${name}.`);
      optimizer.reset();
    }
  }

  /** All slots as `optimizer/<group>/<variable>/<slot>`. */
  data(): Map<string, TensorData> {
    const all = new Map<string, TensorData>();
    for (const [group, optimizer] of this.#optimizers) {
      for (const [slot, data] of optimizer.slots()) all.set(`optimizer/${group}/${slot}`, data);
    }
    return all;
  }

  restore(tensors: ReadonlyMap<string, TensorData>): void {
    for (const [group, optimizer] of this.#optimizers) {
      optimizer.restore(withoutPrefix(tensors, `optimizer/${group}/`));
    }
  }

  dispose(): void {
    for (const optimizer of this.#optimizers.values()) optimizer.dispose();
    for (const sum of this.#sums.values()) sum.dispose();
  }
}

/** What a group's own fields are laid over: the whole config, or its decay where the group names another optimiser. */
function baseFor(config: OptimizerConfig, { optimizer }: ParameterGroup): Partial<OptimizerConfig> {
  if (optimizer?.name === undefined || optimizer.name === config.name) return config;
  return { weightDecay: config.weightDecay, excludeFromDecay: config.excludeFromDecay };
}

/** The tensors whose names begin with `prefix`, by the rest of the name. */
export function withoutPrefix(tensors: ReadonlyMap<string, TensorData>, prefix: string): Map<string, TensorData> {
  return new Map(
    [...tensors].filter(([name]) => name.startsWith(prefix)).map(([name, data]) => [name.slice(prefix.length), data]),
  );
}
