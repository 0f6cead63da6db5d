import { tensorFlowBackend, type NativeBinding } from '../kernel.ts';
import { LazyBinding, type Listener } from './lazy-binding.ts';
import { hasFunctions } from './native-functions.ts';
import { readSwitches } from './switches.ts';

let lazy: LazyBinding | undefined;
/** As the environment said when the first step came. */
let eager: boolean | undefined;
let suspended = false;

/** Puts the lazy binding in the addon's place, once, where the addon has what it takes. */
function install(): void {
  const switches = readSwitches();
  const backend = tensorFlowBackend() as { binding: NativeBinding };
  eager = switches.eager || !hasFunctions(backend.binding);
  if (switches.eager || !hasFunctions(backend.binding)) return;
  const tell = switches.traces ? (text: string) => void process.stderr.write(`[step] ${text}\n`) : undefined;
  lazy = new LazyBinding(backend.binding, tell);
  backend.binding = lazy.asBinding();
}

/**
 * Runs `f`, code on tfjs as any other that returns without waiting, as one step of something that is done many times: from
 * the third time on, the TensorFlow ops that it asks for run as one function, to the same bits (docs/engine.md). When it
 * returns all has been computed. Nested in another step it is part of that. With SELFSUP_EAGER=1 it is `f()`.
 */
export function compiledStep<Result>(f: () => Result, listener?: Listener): Result {
  if (eager === undefined) install();
  return lazy === undefined || suspended ? f() : lazy.step(f, listener);
}

/** Runs `f` with all its ops at once, steps included: for measuring single ops. */
export function eagerly<Result>(f: () => Result): Result {
  const before = suspended;
  suspended = true;
  try {
    return f();
  } finally {
    suspended = before;
  }
}

/** Numbers of functions and of remembered ops; zeros where nothing is compiled. */
export function compiledSize(): LazyBinding['size'] {
  return lazy?.size ?? { functions: 0, ops: 0 };
}
