import { tf } from '@selfsup/engine/tensorflow';
import type { TensorData } from '../checkpoint/checkpoint.ts';
import type { NamedVariable } from '../checkpoint/weights.ts';
import type { Optimizer } from './optimizer.ts';
import { Slots } from './slots.ts';

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
  readonly #variables: readonly NamedVariable[];
  readonly #decayOf: (name: string) => number;
  readonly #slots: Slots;

  constructor(config: SgdConfig, variables: readonly NamedVariable[], decayOf: (name: string) => number) {
    this.#config = config;
    this.#variables = variables;
    this.#decayOf = decayOf;
    this.#slots = new Slots(variables, config.momentum > 0 ? ['momentum'] : []);
  }

  apply(gradients: Readonly<tf.NamedTensorMap>, learningRate: number): void {
    const { momentum, nesterov, biasLearningRate = 1 } = this.#config;
    for (const { name, variable } of this.#variables) {
      tf.tidy(() => {
        const decay = this.#decayOf(name);
        const gradient = gradients[name]!;
        let d = decay > 0 ? gradient.add(variable.mul(decay)) : gradient;
        if (momentum > 0) {
          const slot = this.#slots.get(name, 'momentum');
          const buffer = slot.mul(momentum).add(d);
          slot.assign(buffer);
          d = nesterov ? d.add(buffer.mul(momentum)) : buffer;
        }
        const rate = name.endsWith('/bias') ? learningRate * biasLearningRate : learningRate;
        variable.assign(variable.sub(d.mul(rate)));
      });
    }
  }

  slots(): Map<string, TensorData> {
    return this.#slots.data();
  }

  restore(slots: ReadonlyMap<string, TensorData>): void {
    this.#slots.restore(slots);
  }

  reset(): void {
    this.#slots.reset();
  }

  dispose(): void {
    this.#slots.dispose();
  }
}
