import { AdamScalars, applyAdam, SharedScalars } from '@selfsup/engine/optimizer-ops';
import type { TensorData } from '../checkpoint/checkpoint.ts';
import { requireTensor, type NamedVariable } from '../checkpoint/weights.ts';
import { InPlaceUpdates } from './in-place-updates.ts';
import type { Gradients, Optimizer } from './optimizer.ts';

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
  readonly #updates: InPlaceUpdates<'first' | 'second'>;
  #count = 0;

  constructor(config: AdamConfig, variables: readonly NamedVariable[], decayOf: (name: string) => number) {
    this.#config = config;
    this.#updates = new InPlaceUpdates(variables, ['first', 'second'], decayOf);
  }

  apply(gradients: Gradients, learningRate: number): void {
    this.#count += 1;
    const settings = new AdamScalars({ ...this.#config, learningRate }, this.#count);
    const scalars = new SharedScalars();
    this.#updates.apply(gradients, scalars, ({ weights, slots }, gradient) =>
      applyAdam({ weights, ...slots }, gradient, settings),
    );
    scalars.dispose();
    settings.dispose();
  }

  slots(): Map<string, TensorData> {
    return this.#updates.data().set('updates', { shape: [], data: Int32Array.of(this.#count) });
  }

  restore(slots: ReadonlyMap<string, TensorData>): void {
    this.#updates.restore(slots);
    this.#count = requireTensor(slots, 'updates', []).data[0]!;
  }

  reset(): void {
    this.#updates.reset();
    this.#count = 0;
  }

  dispose(): void {
    this.#updates.dispose();
  }
}
