import { tensorFlowBackend, type NativeBinding } from '../kernel.ts';
import { prepareSteps } from '../compiled-step/compiled-step.ts';
import { LazyBinding } from '../compiled-step/lazy-binding.ts';
import { hasFunctions } from '../compiled-step/native-functions.ts';
import type { Limits } from '../compiled-step/trace-tree.ts';

/** A lazy binding in the addon's place while `f` runs, with what it tells of its traces. */
export function withLazyBinding<Result>(f: (lazy: LazyBinding, told: string[]) => Result, limits?: Limits): Result {
  prepareSteps();
  const backend = tensorFlowBackend() as { binding: NativeBinding };
  const { binding } = backend;
  if (!hasFunctions(binding)) throw new Error('The engine is of an earlier version: npx nx run engine:setup');
  const told: string[] = [];
  const lazy = new LazyBinding(binding, (text) => told.push(text), limits);
  backend.binding = lazy.asBinding();
  try {
    return f(lazy, told);
  } finally {
    backend.binding = binding;
  }
}
