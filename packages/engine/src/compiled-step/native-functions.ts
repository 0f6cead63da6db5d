import type { NativeAttribute, NativeBinding } from '../kernel.ts';

export type Values = Float32Array | Int32Array | Uint8Array;

/** A tensor that a function is given; with `constant`, one that it is built with. */
interface FunctionArgument {
  readonly shape: readonly number[];
  readonly dtype: number;
  readonly constant?: Values | undefined;
}

/** An op of a function. */
interface FunctionOp {
  readonly name: string;
  readonly attributes: readonly NativeAttribute[];
  /** Results of earlier ops, counted from 0 over all ops, or arguments as −1, −2, … */
  readonly inputs: readonly number[];
  /** Shapes of its results. */
  readonly shapes: readonly (readonly number[])[];
  /** Whether the shapes are taken as given where TensorFlow cannot infer them. */
  readonly trusted: boolean;
}

/** Why there is no function: the op that cannot be in one, or the number of ops where it is the whole. */
interface Refusal {
  readonly op: number;
  readonly why: string;
}

/** What our sources add to the addon (native/step_functions.cc). */
export interface FunctionBinding extends NativeBinding {
  /** Registers ops as a TensorFlow function. Ops on one variable run in their order, as do those with any other state. */
  defineFunction(
    name: string,
    args: readonly FunctionArgument[],
    ops: readonly FunctionOp[],
    results: readonly number[],
  ): Refusal | undefined;
  /**
   * Runs a function on the handles of those arguments that are no constants; gives the handles of its results. With `inTurn`
   * its ops run one after another: handing each to another thread may take longer than the op. With `alone` the parts of
   * an op do so too, and all of it is done by the calling thread; on a GPU this says nothing.
   */
  runFunction(name: string, ids: Int32Array, results: number, inTurn: boolean, alone: boolean): Int32Array;
  removeFunction(name: string): void;
  tensorDataSync(id: number): Values;
  /** As `createTensor`, with memory of its own. */
  copyTensor(shape: readonly number[], type: number, values: Values): number;
  /** The type and then the shape of a tensor. */
  describeTensor(id: number): number[];
}

/** An object with all that the addon has, whose properties cannot be replaced and are not enumerable. */
export function copyOf<Binding extends NativeBinding>(binding: Binding): Binding {
  const names = Object.getOwnPropertyNames(binding);
  return Object.fromEntries(names.map((name) => [name, binding[name as keyof Binding]])) as unknown as Binding;
}

/** Whether the addon has them: the npm package's prebuilt one, and one set up by an earlier version, do not. */
export function hasFunctions(binding: NativeBinding): binding is FunctionBinding {
  return typeof (binding as Partial<FunctionBinding>).defineFunction === 'function';
}
