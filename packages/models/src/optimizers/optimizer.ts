import type { tf } from '@selfsup/engine/tensorflow';
import type { TensorData } from '../checkpoint/checkpoint.ts';
import type { NamedVariable } from '../checkpoint/weights.ts';
import { Adam } from './adam.ts';
import type { OptimizerConfig } from './config.ts';
import { Sgd } from './sgd.ts';

/** Updates a fixed set of variables from gradients of the same names. */
export interface Optimizer {
  /** One update. Every variable must have a gradient; gradients stay the caller's to dispose, their values do not stay. */
  apply(gradients: Readonly<tf.NamedTensorMap>, learningRate: number): void;
  /** State to be saved, by `<variable>/<slot>`. */
  slots(): Map<string, TensorData>;
  /** Puts saved state back. Throws `UserError` when a slot is missing or of another shape. */
  restore(slots: ReadonlyMap<string, TensorData>): void;
  /** Forgets all state: as if newly made. */
  reset(): void;
  dispose(): void;
}

/** Makes the optimiser for some variables. `exempt` names further variables that do not decay. */
export function createOptimizer(
  config: OptimizerConfig,
  variables: readonly NamedVariable[],
  exempt: (name: string) => boolean = () => false,
): Optimizer {
  const decayOf = (name: string): number =>
    exempt(name) || excluded(config.excludeFromDecay, name) ? 0 : config.weightDecay;
  return config.name === 'sgd' ? new Sgd(config, variables, decayOf) : new Adam(config, variables, decayOf);
}

function excluded(kinds: readonly ('bias' | 'normalisation')[], name: string): boolean {
  const weight = name.split('/').at(-1)!;
  if (weight === 'bias') return kinds.includes('bias');
  if (weight === 'gamma' || weight === 'beta') return kinds.includes('normalisation');
  return false;
}
