import type { NativeAttribute } from '../kernel.ts';
import type { FunctionBinding } from './native-functions.ts';
import { StepValue, valuesMade } from './step-value.ts';
import {
  equal,
  fits,
  sameAttributes,
  type Call,
  type CompiledTrace,
  type TensorKind,
  type TraceNode,
} from './trace.ts';

const NONE: readonly StepValue[] = [];

/** Where a run stands. */
export interface Place {
  readonly run: StepRun;
  readonly node: TraceNode;
  readonly ops: number;
  readonly args: number;
  readonly results: number;
  readonly releases: number;
  readonly made: number;
}

/** A stretch of a trace that depends on nothing but what there was before it. */
export interface Passage {
  readonly nodes: readonly TraceNode[];
  /** Arguments that it is the first to use: all were made on the way, of numbers that are the same each time. */
  readonly literals: readonly StepValue[];
  /** Which of its results are used afterwards. */
  readonly outputs: readonly number[];
  /** The others, by number, and after how many of its ops each is let go. */
  readonly releases: readonly { readonly result: number; readonly after: number }[];
}

/** The ops from the beginning of a step, or since a value was last read, up to the next read or the end. */
export class StepRun {
  readonly #real: FunctionBinding;
  /** Where in the tree of traces it stands. */
  node: TraceNode;
  /** Whether its ops are only noted. */
  noting = true;
  readonly #path: TraceNode[] = [];
  readonly args: StepValue[] = [];
  readonly #results: StepValue[] = [];
  /** What may be freed once so many ops have run. */
  #releases: { readonly value: StepValue; readonly after: number }[] = [];

  constructor(real: FunctionBinding, root: TraceNode) {
    this.#real = real;
    this.node = root;
  }

  get length(): number {
    return this.#path.length;
  }

  /** What is asked for, with its inputs as the run knows them. */
  call(name: string, attributes: readonly NativeAttribute[], inputs: readonly StepValue[], outputs: number): Call {
    const { args } = this;
    const before = args.length;
    const references: number[] = [];
    for (let i = 0; i < inputs.length; i++) {
      const value = inputs[i]!;
      if (value.run !== this) this.#meet(value);
      references.push(value.reference);
    }
    const fresh = before === args.length ? NONE : args.slice(before);
    return { name, attributes, inputs: references, outputs, fresh };
  }

  /** Takes a call back whose op failed: its caller may go on without. */
  takeBack({ fresh }: Call): void {
    this.#forget(this.args.length - fresh.length);
  }

  /**
   * Notes what is asked for as this op of an earlier trace, if it is that: the same as `call` and `TraceNode.find` on the way
   * that nearly all ops of a step take.
   */
  note(node: TraceNode, name: string, attributes: readonly NativeAttribute[], inputs: readonly StepValue[]): boolean {
    if (node.name !== name || node.inputs.length !== inputs.length) return false;
    const before = this.args.length;
    let same = true;
    for (let i = 0; same && i < inputs.length; i++) {
      const value = inputs[i]!;
      if (value.run !== this) {
        const argument = node.args[this.args.length - before];
        same = argument !== undefined && fits(argument, value, false);
        this.#meet(value);
      }
      same &&= value.reference === node.inputs[i];
    }
    same &&= this.args.length - before === node.args.length && sameAttributes(node.attributes, attributes);
    if (same) this.advance(node);
    else this.#forget(before);
    return same;
  }

  advance(node: TraceNode): void {
    this.node = node;
    this.#path.push(node);
  }

  /** A result of the newest op; without a handle as long as it is only noted. */
  result({ shape, dtype }: TensorKind, handle = -1): StepValue {
    const value = new StepValue(shape, dtype, handle);
    value.run = this;
    value.reference = this.#results.length;
    this.#results.push(value);
    return value;
  }

  get place(): Place {
    return {
      run: this,
      node: this.node,
      ops: this.#path.length,
      args: this.args.length,
      results: this.#results.length,
      releases: this.#releases.length,
      made: valuesMade(),
    };
  }

  /**
   * What was noted since `start`, of which only `outputs` are used from now on. Undefined where it depends on more than
   * what was there at its beginning.
   */
  passage(start: Place, outputs: readonly StepValue[]): Passage | undefined {
    const literals = this.args.slice(start.args);
    const results = this.#results.slice(start.results);
    const given = outputs.map(({ run, reference }) => (run === this ? reference - start.results : -1));
    const isWhole =
      this.noting &&
      start.run === this &&
      literals.every(({ literal, serial }) => literal !== undefined && serial >= start.made) &&
      given.every((place) => place >= 0) &&
      results.every(({ disposed }, place) => disposed || given.includes(place));
    if (!isWhole) return undefined;
    const releases = this.#releases.slice(start.releases).flatMap(({ value, after }) => {
      const result = value.reference - start.results;
      return result >= 0 ? [{ result, after: after - start.ops }] : [];
    });
    return { nodes: this.#path.slice(start.ops), literals, outputs: given, releases };
  }

  /** Notes all ops of a passage; gives its outputs. Undefined, with nothing noted, where it does not go on from here. */
  walk({ nodes, literals, outputs, releases }: Passage): StepValue[] | undefined {
    let at = this.node;
    let used = 0;
    for (const node of nodes) {
      if (node.parent !== at || !node.proved || node.barrier !== undefined) return undefined;
      for (const argument of node.args) if (!fits(argument, literals[used++]!, false)) return undefined;
      at = node;
    }
    const [ops, args, results] = [this.#path.length, this.args.length, this.#results.length];
    for (const { shape, dtype, literal } of literals) this.#meet(new StepValue(shape, dtype, -1, literal));
    for (const node of nodes) {
      this.advance(node);
      for (const kind of node.results) this.result(kind).disposed = true;
    }
    for (const { result, after } of releases) {
      this.#releases.push({ value: this.#results[results + result]!, after: ops + after });
    }
    for (let i = args; i < this.args.length; i++) {
      this.args[i]!.disposed = true;
      this.#releases.push({ value: this.args[i]!, after: this.#path.length });
    }
    return outputs.map((place) => {
      const output = this.#results[results + place]!;
      output.disposed = false;
      return output;
    });
  }

  /** Indices of the results that are still in use. */
  alive(): number[] {
    const alive: number[] = [];
    for (let i = 0; i < this.#results.length; i++) if (!this.#results[i]!.disposed) alive.push(i);
    return alive;
  }

  /** Frees the memory of a value, as soon as no noted op needs it. */
  release(value: StepValue): void {
    if (this.noting && value.run === this) this.#releases.push({ value, after: this.#path.length });
    else this.#free(value);
  }

  /** The addon's handle of a value. Throws for one that was never computed, since its step failed. */
  handle(value: StepValue): number {
    if (value.handle >= 0) return value.handle;
    if (value.literal !== undefined) {
      value.handle = this.#real.copyTensor(value.shape, value.dtype, value.literal);
    } else if (this.noting && value.run === this) {
      this.catchUp(); // something aside of the step asks for it
    }
    if (value.handle < 0) throw new Error('A tensor of a step that failed has no value');
    return value.handle;
  }

  /** Runs one by one what was only noted. */
  catchUp(): void {
    this.noting = false;
    const releases = this.#releases;
    this.#releases = [];
    let made = 0;
    let released = 0;
    for (const [done, node] of this.#path.entries()) {
      const handles = node.inputs.map((reference) => this.handle(this.#value(reference)));
      for (const { id } of this.#real.executeOp(node.name, [...node.attributes], handles, node.outputs)) {
        this.#results[made++]!.handle = id;
      }
      for (; released < releases.length && releases[released]!.after <= done + 1; released++) {
        this.#free(releases[released]!.value);
      }
    }
  }

  /** Runs what was noted as the function of its trace. */
  compute(compiled: CompiledTrace): void {
    const { name, slots, results, inTurn, pace } = compiled;
    const handles = new Int32Array(slots.length);
    for (let i = 0; i < slots.length; i++) {
      const { handle, literal } = this.args[slots[i]!]!;
      handles[i] = handle < 0 && literal !== undefined ? this.#kept(compiled, i) : this.handle(this.args[slots[i]!]!);
    }
    this.noting = false;
    const begin = performance.now();
    const made = this.#real.runFunction(name, handles, results.length, inTurn, pace?.alone ?? false);
    pace?.took(performance.now() - begin);
    for (let i = 0; i < results.length; i++) {
      const value = this.#results[results[i]!]!;
      value.handle = made[i]!;
      if (value.disposed) this.#free(value);
    }
    for (const { value } of this.#releases) this.#free(value);
    this.#releases = [];
  }

  /** A handle for a small argument made in JavaScript: the function's own of the last time where its values are the same. */
  #kept({ slots, literals }: CompiledTrace, place: number): number {
    const { shape, dtype, literal } = this.args[slots[place]!]!;
    const before = literals[place];
    if (before !== undefined && equal(before.values, literal!)) return before.handle;
    if (before !== undefined) this.#real.deleteTensor(before.handle);
    const handle = this.#real.copyTensor(shape, dtype, literal!);
    literals[place] = { values: literal!, handle };
    return handle;
  }

  /** After an error: what was noted before it is computed as far as that goes, since its caller may still hold it. */
  salvage(): void {
    const releases = this.#releases;
    try {
      if (this.noting) this.catchUp();
    } catch {
      // The first error is the one to tell.
    }
    for (const { value } of releases) this.#free(value);
  }

  /** Lets go of everything: values outlive their run. */
  close(): void {
    this.noting = false;
    this.#path.length = this.args.length = this.#results.length = 0;
  }

  #meet(value: StepValue): void {
    this.args.push(value);
    value.run = this;
    value.reference = -this.args.length;
  }

  /** Forgets the newest arguments, down to this number of them. */
  #forget(length: number): void {
    for (let i = length; i < this.args.length; i++) this.args[i]!.run = undefined;
    this.args.length = length;
  }

  #value(reference: number): StepValue {
    return reference >= 0 ? this.#results[reference]! : this.args[-reference - 1]!;
  }

  #free(value: StepValue): void {
    if (value.handle < 0) return;
    this.#real.deleteTensor(value.handle);
    value.handle = -1;
  }
}
