import { tf } from '@selfsup/engine/tensorflow';
import type { TensorData } from '@selfsup/models/checkpoint';
import { optimizerSchema, type OptimizerConfig } from '@selfsup/models/optimizers/config';
import { createOptimizer, type Optimizer } from '@selfsup/models/optimizers/create-optimizer';
import type { ParameterGroup } from './trainee.ts';

/** The optimisers of a training, one for each parameter group. */
export class ParameterGroups {
  readonly #optimizers = new Map<string, Optimizer>();
  readonly #rates = new Map<string, number>();
  /** Of gradients, by variable, where a step is taken in parts; zeros between steps. */
  readonly #sums = new Map<string, tf.Variable>();
  readonly #names = new Set<string>();

  /** Throws `Error` for a rate that is not positive. */
  constructor(config: OptimizerConfig, groups: readonly ParameterGroup[]) {
    for (const group of groups) {
      const own = optimizerSchema.parse({ ...baseFor(config, group), ...group.optimizer });
      const { rate = 1 } = group;
      if (!(rate > 0)) throw new Error(`The group ${group.name} has the learning rate factor ${rate}.`);
      this.#rates.set(group.name, rate);
      for (const { name } of group.variables) this.#names.add(name);
      this.#optimizers.set(group.name, createOptimizer(own, group.variables, group.exemptFromDecay));
    }
  }

  /** Whether a variable is trained. */
  has(name: string): boolean {
    return this.#names.has(name);
  }

  /** One update of every group from one map of gradients. */
  apply(gradients: Readonly<tf.NamedTensorMap>, learningRate: number): void {
    for (const [name, optimizer] of this.#optimizers) optimizer.apply(gradients, this.#rates.get(name)! * learningRate);
  }

  /** Adds gradients of this many samples to those of the step under way. */
  accumulate(gradients: Readonly<tf.NamedTensorMap>, samples: number): void {
    for (const [name, gradient] of Object.entries(gradients)) {
      let sum = this.#sums.get(name);
      if (sum === undefined) {
        sum = tf.variable(tf.zerosLike(gradient), false);
        this.#sums.set(name, sum);
      }
      sum.assign(sum.add(gradient.mul(samples)));
    }
  }

  /** One update of every group from the mean over all samples that were added since the last one. */
  applyAccumulated(samples: number, learningRate: number): void {
    const means = [...this.#sums].map(([name, sum]) => [name, sum.div(samples)] as const);
    this.apply(Object.fromEntries(means), learningRate);
    for (const sum of this.#sums.values()) sum.assign(tf.zerosLike(sum));
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
