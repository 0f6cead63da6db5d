import type { tf } from '@selfsup/engine/tensorflow';
import type { TensorData } from '@selfsup/models/checkpoint';
import { optimizerSchema, type OptimizerConfig } from '@selfsup/models/optimizers/config';
import { createOptimizer, type Optimizer } from '@selfsup/models/optimizers/optimizer';
import type { Player } from '../task.ts';

/** The optimisers of a training, one for each player. */
export class Players {
  readonly #optimizers = new Map<string, Optimizer>();

  constructor(config: OptimizerConfig, players: readonly Player[]) {
    for (const player of players) {
      const own = optimizerSchema.parse({ ...baseFor(config, player), ...player.optimizer });
      this.#optimizers.set(player.name, createOptimizer(own, player.variables, player.exemptFromDecay));
    }
  }

  /** One update of every player from one map of gradients. */
  apply(gradients: Readonly<tf.NamedTensorMap>, learningRate: number): void {
    for (const optimizer of this.#optimizers.values()) optimizer.apply(gradients, learningRate);
  }

  reset(names: readonly string[]): void {
    for (const name of names) {
      const optimizer = this.#optimizers.get(name);
      if (optimizer === undefined) throw new Error(`There is no player named ${name}.`);
      optimizer.reset();
    }
  }

  /** All slots as `optimizer/<player>/<variable>/<slot>`. */
  data(): Map<string, TensorData> {
    const all = new Map<string, TensorData>();
    for (const [player, optimizer] of this.#optimizers) {
      for (const [slot, data] of optimizer.slots()) all.set(`optimizer/${player}/${slot}`, data);
    }
    return all;
  }

  restore(tensors: ReadonlyMap<string, TensorData>): void {
    for (const [player, optimizer] of this.#optimizers) {
      optimizer.restore(withoutPrefix(tensors, `optimizer/${player}/`));
    }
  }

  dispose(): void {
    for (const optimizer of this.#optimizers.values()) optimizer.dispose();
  }
}

/** What a player's own fields are laid over: the whole config, or its decay where the player names another optimiser. */
function baseFor(config: OptimizerConfig, { optimizer }: Player): Partial<OptimizerConfig> {
  if (optimizer?.name === undefined || optimizer.name === config.name) return config;
  return { weightDecay: config.weightDecay, excludeFromDecay: config.excludeFromDecay };
}

/** The tensors whose names begin with `prefix`, by the rest of the name. */
export function withoutPrefix(tensors: ReadonlyMap<string, TensorData>, prefix: string): Map<string, TensorData> {
  return new Map(
    [...tensors].filter(([name]) => name.startsWith(prefix)).map(([name, data]) => [name.slice(prefix.length), data]),
  );
}
