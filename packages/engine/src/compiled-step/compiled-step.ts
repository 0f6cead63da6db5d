import { tensorFlowBackend, type NativeBinding } from '../kernel.ts';
import { LazyBinding, type StepListener } from './lazy-binding.ts';
import { hasFunctions } from './native-functions.ts';
import { readSwitches } from './switches.ts';

export type { StepListener };

let lazy: LazyBinding | undefined;
let isInstalled = false;
let isOn = true;

/**
 * Puts the lazy binding in the addon's place, once, where the environment allows and the addon has what it takes. Whoever
 * makes a variable of TensorFlow calls it before: the shapes of variables are learnt as they are made.
 */
export function prepareSteps(): void {
  if (isInstalled) return;
  const { eager, traces } = readSwitches();
  isInstalled = true;
  const backend = tensorFlowBackend() as { binding: NativeBinding };
  if (eager || !hasFunctions(backend.binding)) return;
  const tell = traces ? (text: string) => void process.stderr.write(`[step] ${text}\n`) : undefined;
  lazy = new LazyBinding(backend.binding, tell);
  backend.binding = lazy.asBinding();
}

/**
 * Runs `f`, code on tfjs as any other that returns without waiting, as one step of something that is done many times: from
 * the third time on, the TensorFlow ops that it asks for run as one function, to the same bits (docs/engine.md).
 * When it returns all has been computed. Nested in another step it is part of that. With SELFSUP_EAGER=1 it is `f()`.
 */
export function compiledStep<Result>(f: () => Result, listener?: StepListener): Result {
  prepareSteps();
  return lazy === undefined || !isOn ? f() : lazy.step(f, listener);
}

/** Runs `f` with all its ops at once, whether steps are in it or it is within one: for measuring and trying single ops. */
export function eagerly<Result>(f: () => Result): Result {
  const before = compileSteps(false);
  try {
    return lazy === undefined ? f() : lazy.aside(f);
  } finally {
    compileSteps(before);
  }
}

/** Lets steps be compiled, as at first, or not: for comparing the two. Returns what was so before. */
export function compileSteps(on: boolean): boolean {
  const before = isOn;
  isOn = on;
  return before;
}

/** What stands between tfjs and the addon, where steps are compiled. */
export function lazyBinding(): Pick<LazyBinding, 'place' | 'referenceOf' | 'passage' | 'walk'> | undefined {
  return lazy;
}

/** Numbers of functions and of remembered ops; zeros where nothing is compiled. */
export function compiledSize(): LazyBinding['size'] {
  return lazy?.size ?? { functions: 0, ops: 0 };
}
