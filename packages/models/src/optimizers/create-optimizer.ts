import type { NamedVariable } from '../checkpoint/weights.ts';
import { Adam } from './adam.ts';
import type { OptimizerConfig } from './config.ts';
import type { Gradients, Optimizer } from './optimizer.ts';
import { Sgd } from './sgd.ts';

export type { Gradients, Optimizer };

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
