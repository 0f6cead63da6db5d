import { applyMomentum, SharedScalars, subtractScaled } from '@selfsup/engine/optimizer-ops';
import type { TensorData } from '../checkpoint/checkpoint.ts';
import type { NamedVariable } from '../checkpoint/weights.ts';
import { InPlaceUpdates } from './in-place-updates.ts';
import type { Gradients, Optimizer } from './optimizer.ts';

export interface SgdConfig {
  readonly momentum: number;
  readonly nesterov: boolean;
  /** What the learning rate is multiplied by for biases; 1 where absent. */
  readonly biasLearningRate?: number;
}

/**
 * Stochastic gradient descent with momentum in PyTorch's form: d = gradient + decay·w; buffer = momentum·buffer
 * + d; with Nesterov w −= rate·(d + momentum·buffer), else w −= rate·buffer. The learning rate is outside the
 * buffer, so changing it acts at once.
 */
export class Sgd implements Optimizer {
  readonly #config: SgdConfig;
  readonly #updates: InPlaceUpdates<'momentum'>;

  constructor(config: SgdConfig, variables: readonly NamedVariable[], decayOf: (name: string) => number) {
    this.#config = config;
    this.#updates = new InPlaceUpdates(variables, config.momentum > 0 ? ['momentum'] : [], decayOf);
  }

  apply(gradients: Gradients, learningRate: number): void {
    const { momentum, nesterov, biasLearningRate = 1 } = this.#config;
    const scalars = new SharedScalars();
    this.#updates.apply(gradients, scalars, ({ name, weights, slots }, gradient) => {
      const rate = scalars.of(name.endsWith('/bias') ? learningRate * biasLearningRate : learningRate);
      if (momentum === 0) return subtractScaled(weights, rate, gradient);
      const settings = { rate, momentum: scalars.of(momentum), nesterov };
      applyMomentum({ weights, sum: slots.momentum }, gradient, settings);
    });
    scalars.dispose();
  }

  slots(): Map<string, TensorData> {
    return this.#updates.data();
  }

  restore(slots: ReadonlyMap<string, TensorData>): void {
    this.#updates.restore(slots);
  }

  reset(): void {
    this.#updates.reset();
  }

  dispose(): void {
    this.#updates.dispose();
  }
}
