import { copyOf, hasFunctions, type FunctionBinding } from '../compiled-step/native-functions.ts';
import { tensorFlowBackend, type NativeAttribute, type NativeBinding } from '../kernel.ts';

/** All calls of one kind of op in a step. */
interface OpTime {
  readonly name: string;
  readonly calls: number;
  /** Microseconds of one within a function, on the calling thread alone. */
  readonly each: number;
}

const COPIES = 33;
const RUNS = 60;
const FUNCTION = 'selfsup_op_times';

/** An op as it was asked for. */
interface Asked {
  readonly name: string;
  readonly attributes: readonly NativeAttribute[];
  readonly inputs: readonly number[];
  /** Type and shape of each input. */
  readonly described: readonly (readonly number[])[];
  /** Shapes of its results. */
  readonly shapes: readonly (readonly number[])[];
}

/**
 * Kinds of ops that `step` asks for, with what each takes within a function of many of it: slowest in all first. Variables end
 * with other values than `step` gives them. Only where steps are not compiled (SELFSUP_EAGER=1).
 */
export function opTimes(step: () => void): OpTime[] {
  const backend = tensorFlowBackend() as { binding: NativeBinding };
  const { binding } = backend;
  if (!hasFunctions(binding)) throw new Error('The engine is of an earlier version: npx nx run engine:setup');
  const kinds = new Map<string, { calls: number; each: number }>();
  const executeOp: FunctionBinding['executeOp'] = (name, attributes, inputs, outputs) => {
    const described = inputs.map((id) => binding.describeTensor(id));
    const made = binding.executeOp(name, attributes, inputs, outputs);
    const shapes = made.map(({ shape }) => shape);
    const key = `${name} ${described.map(([, ...shape]) => `[${shape}]`).join('')}`;
    const kind = kinds.get(key) ?? { calls: 0, each: timeOf(binding, { name, attributes, inputs, described, shapes }) };
    kind.calls += 1;
    kinds.set(key, kind);
    return made;
  };
  backend.binding = { ...copyOf(binding), executeOp } as FunctionBinding;
  try {
    step();
  } finally {
    backend.binding = binding;
  }
  return [...kinds].map(([name, kind]) => ({ name, ...kind })).sort((a, b) => b.calls * b.each - a.calls * a.each);
}

/** Microseconds: what many in one function take more than one. NaN for what cannot be in a function. */
function timeOf(binding: FunctionBinding, op: Asked): number {
  try {
    return Math.max(0, (leastOf(binding, op, COPIES) - leastOf(binding, op, 1)) / (COPIES - 1));
  } catch {
    return Number.NaN;
  }
}

function leastOf(binding: FunctionBinding, { name, attributes, inputs, described, shapes }: Asked, copies: number) {
  const many = Array.from({ length: copies }, (_, i) => i);
  const refusal = binding.defineFunction(
    FUNCTION,
    many.flatMap(() => described.map(([dtype, ...shape]) => ({ dtype: dtype!, shape }))),
    many.map((copy) => ({
      ...{ name, attributes, shapes, trusted: true },
      inputs: inputs.map((_, i) => -1 - copy * inputs.length - i),
    })),
    many.flatMap((copy) => shapes.map((_, i) => copy * shapes.length + i)),
  );
  if (refusal !== undefined) return Number.NaN;
  const ids = Int32Array.from(many.flatMap(() => inputs));
  let least = Infinity;
  for (let run = 0; run < RUNS; run++) {
    const start = performance.now();
    const results = binding.runFunction(FUNCTION, ids, copies * shapes.length, true, true);
    least = Math.min(least, performance.now() - start);
    for (const id of results) binding.deleteTensor(id);
  }
  binding.removeFunction(FUNCTION);
  return 1000 * least;
}
