import { AdamScalars, applyAdam, type AdamVariables } from '@selfsup/engine/adam-op';
import { ResourceVariable } from '@selfsup/engine/resource-variable';
import { tf } from '@selfsup/engine/tensorflow';
import type { TensorData } from '../checkpoint/checkpoint.ts';
import { tensorData, type NamedVariable } from '../checkpoint/weights.ts';
import type { Optimizer } from './optimizer.ts';

export interface AdamConfig {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}

const slotNames = ['first', 'second'] as const;

/**
 * Adam (Kingma & Ba 2015, arXiv:1412.6980, Algorithm 1), bias corrected, with L2 decay added to the gradient
 * and epsilon outside the corrected root, as PyTorch has it.
 */
export class Adam implements Optimizer {
  readonly #config: AdamConfig;
  readonly #variables: readonly (NamedVariable & { readonly held: AdamVariables })[];
  readonly #decayOf: (name: string) => number;
  #updates = 0;

  constructor(config: AdamConfig, variables: readonly NamedVariable[], decayOf: (name: string) => number) {
    this.#config = config;
    this.#decayOf = decayOf;
    this.#variables = variables.map((named) => {
      const make = (): ResourceVariable => new ResourceVariable(named.variable.shape);
      return { ...named, held: { weights: make(), first: make(), second: make() } };
    });
    this.reset();
  }

  apply(gradients: Readonly<tf.NamedTensorMap>, learningRate: number): void {
    this.#updates += 1;
    const scalars = new AdamScalars({ ...this.#config, learningRate }, this.#updates);
    for (const { name, variable, held } of this.#variables) {
      tf.tidy(() => {
        const decay = this.#decayOf(name);
        const gradient = decay > 0 ? gradients[name]!.add(variable.mul(decay)) : gradients[name]!;
        held.weights.updating(variable, () => applyAdam(held, gradient, scalars));
      });
    }
    scalars.dispose();
  }

  slots(): Map<string, TensorData> {
    const slots = new Map<string, TensorData>();
    for (const { name, held } of this.#variables) {
      for (const slot of slotNames) {
        const value = held[slot].read();
        slots.set(`${name}/${slot}`, tensorData(value));
        value.dispose();
      }
    }
    return slots.set('updates', { shape: [], data: Int32Array.of(this.#updates) });
  }

  restore(slots: ReadonlyMap<string, TensorData>): void {
    for (const { name, held } of this.#variables) {
      for (const slot of slotNames) {
        const found = slots.get(`${name}/${slot}`);
        if (found === undefined) throw new Error(`The saved state of Adam has no ${name}/${slot}.`);
        tf.tidy(() => held[slot].assign(tf.tensor(found.data, [...held[slot].shape], 'float32')));
      }
    }
    const updates = slots.get('updates');
    if (updates === undefined) throw new Error('The saved state of Adam has no count of updates.');
    this.#updates = updates.data[0]!;
  }

  reset(): void {
    for (const { held } of this.#variables) {
      for (const slot of slotNames) tf.tidy(() => held[slot].assign(tf.zeros([...held[slot].shape])));
    }
    this.#updates = 0;
  }

  dispose(): void {
    for (const { held } of this.#variables) {
      for (const variable of Object.values(held)) (variable as ResourceVariable).dispose();
    }
  }
}
