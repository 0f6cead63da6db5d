import type { OptimizerConfig } from './config.ts';
import { createOptimizer, type Optimizer } from './optimizer.ts';
import type { NamedVariable } from '../weights.ts';

/**
 * One optimiser for variables whose learning rates are multiples of the schedule's, `factorOf(name)` times each: PyTorch's
 * parameter groups. Throws `Error` for a factor that is not positive.
 */
export function rateGroups(
  config: OptimizerConfig,
  variables: readonly NamedVariable[],
  factorOf: (name: string) => number,
): Optimizer {
  const factors = [...new Set(variables.map(({ name }) => factorOf(name)))];
  const wrong = factors.find((factor) => !(factor > 0));
  if (wrong !== undefined) throw new Error(`Learning rate factor ${wrong}`);
  const groups = factors.map((factor) => {
    const members = variables.filter(({ name }) => factorOf(name) === factor);
    return { factor, optimizer: createOptimizer(config, members) };
  });
  return {
    apply(gradients, learningRate) {
      for (const { factor, optimizer } of groups) optimizer.apply(gradients, factor * learningRate);
    },
    slots: () => new Map(groups.flatMap(({ optimizer }) => [...optimizer.slots()])),
    restore(slots) {
      for (const { optimizer } of groups) optimizer.restore(slots);
    },
    reset() {
      for (const { optimizer } of groups) optimizer.reset();
    },
    dispose() {
      for (const { optimizer } of groups) optimizer.dispose();
    },
  };
}
