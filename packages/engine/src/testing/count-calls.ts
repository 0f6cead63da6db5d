import { copyOf, type FunctionBinding } from '../compiled-step/native-functions.ts';
import { tensorFlowBackend, type NativeBinding } from '../kernel.ts';

/** Counts what reaches the addon while `f` runs. */
export function countCalls(f: () => void): { ops: string[]; functions: number } {
  const backend = tensorFlowBackend() as { binding: NativeBinding };
  const real = backend.binding as FunctionBinding;
  const counted = { ops: [] as string[], functions: 0 };
  const counting: FunctionBinding = {
    ...copyOf(real),
    executeOp: (name, ...rest) => {
      counted.ops.push(name);
      return real.executeOp(name, ...rest);
    },
    runFunction: (...args) => {
      counted.functions += 1;
      return real.runFunction(...args);
    },
  };
  backend.binding = counting;
  try {
    f();
  } finally {
    backend.binding = real;
  }
  return counted;
}
