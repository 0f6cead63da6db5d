import type { NativeAttribute } from '../kernel.ts';
import type { Values } from './native-functions.ts';
import type { Pace } from './pace.ts';
import type { StepValue } from './step-value.ts';

export interface TensorKind {
  readonly shape: readonly number[];
  readonly dtype: number;
}

/** A tensor that comes to a step from outside, or is made within it in JavaScript. */
export interface TraceArgument extends TensorKind {
  /** Of a handle of a variable: the variable's shape. */
  readonly variable: readonly number[] | undefined;
  /** Its values, as long as they have been the same each time: then it is a constant of the function. */
  constant: Values | undefined;
  /** Whether it stays a constant, since shapes depend on it. Other values then belong to another trace. */
  pinned: boolean;
}

/** An op as JavaScript asks for it, before it has run. */
export interface Call {
  readonly name: string;
  readonly attributes: readonly NativeAttribute[];
  readonly inputs: readonly number[];
  readonly outputs: number;
  /** The arguments that this op is the first to use. */
  readonly fresh: readonly StepValue[];
}

const INT32 = 3;
const BOOL = 10;
/** Numbers in the largest tensor that begins as a constant. */
export const LARGEST_CONSTANT = 64;

/** A place in the tree of all traces: an op, after the ops above it. */
export class TraceNode {
  readonly parent: TraceNode | undefined;
  readonly depth: number;
  readonly name: string;
  readonly attributes: readonly NativeAttribute[];
  readonly inputs: readonly number[];
  readonly outputs: number;
  readonly results: readonly TensorKind[];
  /** What it is the first to use. */
  readonly args: readonly TraceArgument[];
  /** The one that was met last comes first. */
  readonly children: TraceNode[] = [];
  /** Whether TensorFlow has inferred the shapes of this path's results from its arguments'. */
  proved = false;
  /** Why this op cannot be part of a function, if so. */
  barrier: string | undefined;
  ending: Ending | undefined;

  constructor(
    parent: TraceNode | undefined,
    call: Call,
    results: readonly TensorKind[],
    pinned: readonly boolean[] = [],
  ) {
    this.parent = parent;
    this.depth = parent === undefined ? 0 : parent.depth + 1;
    this.name = call.name;
    // What is frozen is the same list each time, and known again by that.
    this.attributes = Object.isFrozen(call.attributes) ? call.attributes : call.attributes.map(copied);
    this.inputs = [...call.inputs];
    this.outputs = call.outputs;
    this.results = results;
    this.args = call.fresh.map(({ shape, dtype, literal, variable }, i) => ({
      shape,
      dtype,
      variable,
      // Floats are arguments at once: folding them into other constants could change the last bits of a result.
      constant: dtype === INT32 || dtype === BOOL ? literal : undefined,
      pinned: pinned[i] ?? false,
    }));
  }

  /** Whether a call is this op. With `anyValue`, also where constants that are not pinned differ. */
  matches(call: Call, anyValue: boolean): boolean {
    if (this.name !== call.name || this.outputs !== call.outputs || !equal(this.inputs, call.inputs)) return false;
    for (let i = 0; i < this.args.length; i++) if (!fits(this.args[i]!, call.fresh[i]!, anyValue)) return false;
    return sameAttributes(this.attributes, call.attributes);
  }

  /** Whether its results are of these shapes and types. */
  gives(results: readonly TensorKind[]): boolean {
    return (
      this.results.length === results.length &&
      this.results.every(({ shape, dtype }, i) => dtype === results[i]!.dtype && equal(shape, results[i]!.shape))
    );
  }

  /** The child that a call is. */
  find(call: Call): TraceNode | undefined {
    const { children } = this;
    for (let i = 0; i < children.length; i++) {
      const child = children[i]!;
      if (!child.matches(call, false)) continue;
      if (i > 0) {
        children.splice(i, 1);
        children.unshift(child);
      }
      return child;
    }
    return undefined;
  }
}

/** The ops from the first to this one. */
export function pathTo(node: TraceNode): TraceNode[] {
  const path: TraceNode[] = [];
  for (let at = node; at.parent !== undefined; at = at.parent) path.push(at);
  return path.reverse();
}

/** The function of a trace. */
export interface CompiledTrace {
  readonly name: string;
  /** Its arguments: those of the trace that are no constants. */
  readonly slots: readonly number[];
  /** What small arguments made in JavaScript were last time, with the handles that they were given: most stay the same. */
  readonly literals: ({ readonly values: Values; readonly handle: number } | undefined)[];
  readonly results: readonly number[];
  /** Whether its ops run one after another. */
  readonly inTurn: boolean;
  /** Of one that computes so little that this is why: on which threads. */
  readonly pace: Pace | undefined;
}

/** A place where a trace ends: where a value is read, or the step is over. */
export interface Ending {
  readonly node: TraceNode;
  /** How often a step ended here. */
  seen: number;
  compiled: CompiledTrace | undefined;
  /** Whether it stays without a function. */
  refused: boolean;
}

/** Whether a value can be what this argument was. With `anyValue`, also where a constant that is not pinned differs. */
export function fits(argument: TraceArgument, value: StepValue, anyValue: boolean): boolean {
  if (argument.dtype !== value.dtype || !equal(argument.shape, value.shape)) return false;
  if (!equal(argument.variable ?? NONE, value.variable ?? NONE)) return false;
  if (argument.constant === undefined || (anyValue && !argument.pinned)) return true;
  return value.literal !== undefined && equal(argument.constant, value.literal);
}

function copied({ name, type, value }: NativeAttribute): NativeAttribute {
  return { name, type, value: Array.isArray(value) ? [...(value as unknown[])] : value };
}

type List = readonly unknown[] | Values;

const NONE: readonly number[] = [];

/** Whether two lists hold the same; 0 and −0, which give other results, are not. */
export function equal(a: List, b: List): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) return false;
  return true;
}

export function sameAttributes(a: readonly NativeAttribute[], b: readonly NativeAttribute[]): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) {
    const x = a[i]!;
    const y = b[i]!;
    if (x.name !== y.name || x.type !== y.type) return false;
    if (Object.is(x.value, y.value)) continue;
    if (!Array.isArray(x.value) || !Array.isArray(y.value) || !equal(x.value, y.value)) return false;
  }
  return true;
}
