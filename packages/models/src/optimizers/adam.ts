import { tf } from '@selfsup/engine/tensorflow';
import type { TensorData } from '../checkpoint.ts';
import type { NamedVariable } from '../weights.ts';
import type { Optimizer } from './optimizer.ts';
import { Slots } from './slots.ts';

export interface AdamConfig {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}

/**
 * Adam (Kingma & Ba 2015, arXiv:1412.6980, Algorithm 1), bias corrected, with L2 decay added to the gradient
 * and epsilon outside the corrected root, as PyTorch has it.
 */
export class Adam implements Optimizer {
  readonly #config: AdamConfig;
  readonly #variables: readonly NamedVariable[];
  readonly #decayOf: (name: string) => number;
  readonly #slots: Slots;
  #updates = 0;

  constructor(config: AdamConfig, variables: readonly NamedVariable[], decayOf: (name: string) => number) {
    this.#config = config;
    this.#variables = variables;
    this.#decayOf = decayOf;
    this.#slots = new Slots(variables, ['first', 'second']);
  }

  apply(gradients: Readonly<tf.NamedTensorMap>, learningRate: number): void {
    const { beta1, beta2, epsilon } = this.#config;
    this.#updates += 1;
    const rate = learningRate / (1 - beta1 ** this.#updates);
    const rootCorrection = Math.sqrt(1 - beta2 ** this.#updates);
    for (const { name, variable } of this.#variables) {
      tf.tidy(() => {
        const decay = this.#decayOf(name);
        const gradient = decay > 0 ? gradients[name]!.add(variable.mul(decay)) : gradients[name]!;
        const firstSlot = this.#slots.get(name, 'first');
        const secondSlot = this.#slots.get(name, 'second');
        const first = firstSlot.mul(beta1).add(gradient.mul(1 - beta1));
        const second = secondSlot.mul(beta2).add(gradient.mul(gradient).mul(1 - beta2));
        firstSlot.assign(first);
        secondSlot.assign(second);
        const root = second.sqrt().div(rootCorrection).add(epsilon);
        variable.assign(variable.sub(first.div(root).mul(rate)));
      });
    }
  }

  slots(): Map<string, TensorData> {
    return this.#slots.data().set('updates', { shape: [], data: Int32Array.of(this.#updates) });
  }

  restore(slots: ReadonlyMap<string, TensorData>): void {
    this.#slots.restore(slots);
    const updates = slots.get('updates');
    if (updates === undefined) throw new Error('The saved state of Adam has no count of updates.');
    this.#updates = updates.data[0]!;
  }

  reset(): void {
    this.#slots.reset();
    this.#updates = 0;
  }

  dispose(): void {
    this.#slots.dispose();
  }
}
