import type { NativeAttribute } from '../kernel.ts';
import { copyOf, type FunctionBinding, type Values } from './native-functions.ts';
import { lineUnderWay } from './reading-line.ts';
import { StepRun, type Passage, type Place } from './step-run.ts';
import { isOurs, StepValue, ValueTable } from './step-value.ts';
import { LARGEST_CONSTANT, type Call, type TraceNode } from './trace.ts';
import { TraceTree, type Limits } from './trace-tree.ts';

type Output = ReturnType<FunctionBinding['executeOp']>[number];

/** Arrays that the addon takes for a type: float32, int32, uint8, bool. */
const ARRAYS: Readonly<Record<number, new (length: number) => Values>> = {
  1: Float32Array,
  3: Int32Array,
  4: Uint8Array,
  10: Uint8Array,
};

/** Listens to steps. */
export interface StepListener {
  /** A value of the step was read in its midst, by this line: one function ends and another begins. */
  readonly onRead?: (line: string | undefined) => void;
}

/**
 * Stands between tfjs and the addon. Within a step, ops that are asked for in the same order as in an earlier step are only
 * noted; where a value is read, or the step is over, they run as one TensorFlow function. As soon as anything is not as it
 * was then, what was noted runs op by op, and what follows runs at once and is recorded. Outside of steps everything goes
 * straight to the addon.
 */
export class LazyBinding {
  readonly #real: FunctionBinding;
  readonly #tree: TraceTree;
  readonly #table = new ValueTable();
  /** The addon's own tensors that steps have met. */
  readonly #met = new Map<number, StepValue>();
  /** The shapes of TensorFlow's variables, by the addon's handles of them. */
  readonly #variables = new Map<number, readonly number[]>();
  #active = false;
  #listener: StepListener = {};
  #run: StepRun;

  constructor(real: FunctionBinding, tell?: (text: string) => void, limits?: Limits) {
    this.#real = real;
    this.#tree = new TraceTree(real, tell, limits);
    this.#run = this.#closedRun();
  }

  /** Numbers of functions and of remembered ops. */
  get size(): { readonly functions: number; readonly ops: number } {
    return { functions: this.#tree.functions, ops: this.#tree.ops };
  }

  /** What takes the addon's place. */
  asBinding(): FunctionBinding & Record<string, unknown> {
    const real = this.#real as FunctionBinding & Record<string, unknown>;
    return {
      ...copyOf(real),
      createTensor: (shape, type, values) => this.#createTensor(shape, type, values as Values),
      deleteTensor: (id) => this.#deleteTensor(id),
      executeOp: (name, attributes, inputs, outputs) => this.#executeOp(name, attributes, inputs, outputs),
      tensorDataSync: (id: number) => this.#read(id),
      runSavedModel: (model: number, inputs: readonly number[], ...names: unknown[]) =>
        (real.runSavedModel as (...args: unknown[]) => unknown)(model, this.#handles(inputs), ...names),
    };
  }

  /** Runs `f` as a step, all of which has been computed when it returns. Within a step, `f` is part of it. */
  step<Result>(f: () => Result, listener: StepListener = {}): Result {
    if (this.#active) return f();
    this.#active = true;
    this.#listener = listener;
    this.#run = new StepRun(this.#real, this.#tree.root);
    try {
      const result = f();
      this.#endRun();
      return result;
    } catch (error) {
      this.#run.salvage();
      throw error;
    } finally {
      this.#active = false;
      this.#listener = {};
      this.#run.close();
      this.#run = this.#closedRun();
    }
  }

  /** Runs `f` at once within a step, as if outside of it. */
  aside<Result>(f: () => Result): Result {
    const before = this.#active;
    this.#active = false;
    try {
      return f();
    } finally {
      this.#active = before;
    }
  }

  /** Where a step stands whose ops are only noted. */
  place(): Place | undefined {
    return this.#active && this.#run.noting ? this.#run.place : undefined;
  }

  /** What a tensor is to the step under way: a result or an argument. Undefined for one that no op of it has met. */
  referenceOf(id: number): number | undefined {
    const value = this.#table.get(id) ?? this.#met.get(id);
    return value?.run === this.#run ? value.reference : undefined;
  }

  /** What was noted since `start`, of which only these tensors are used from now on; undefined where more may differ. */
  passage(start: Place, ids: readonly number[]): Passage | undefined {
    if (start.run !== this.#run || !ids.every(isOurs)) return undefined;
    return this.#run.passage(
      start,
      ids.map((id) => this.#table.get(id)!),
    );
  }

  /** Notes a passage without the JavaScript that asked for it; gives its outputs. Undefined where it does not go on from here. */
  walk(passage: Passage): Output[] | undefined {
    return this.#run.walk(passage)?.map((value) => this.#output(value));
  }

  #closedRun(): StepRun {
    const run = new StepRun(this.#real, this.#tree.root);
    run.close();
    return run;
  }

  /** Ends the run: everything in it that is still in use is computed. */
  #endRun(): void {
    const run = this.#run;
    if (run.length === 0) return;
    const ending = this.#tree.end(run.node);
    const compiled = this.#tree.compile(ending, run.alive(), run.args);
    if (run.noting) {
      if (compiled === undefined) run.catchUp();
      else run.compute(compiled);
    }
    run.close();
    this.#run = new StepRun(this.#real, this.#tree.root);
  }

  #createTensor(shape: readonly number[], type: number, values: Values): number {
    if (!this.#active) return this.#real.createTensor(shape, type, values);
    const length = shape.reduce((product, side) => product * side, 1);
    const Kind = ARRAYS[type];
    // Anything unusual, and what does not fit, is the addon's.
    if (Kind === undefined || !(values instanceof Kind) || values.length !== length) {
      return this.#real.createTensor(shape, type, values);
    }
    // The addon may use the array's own memory, which the caller may write over before a noted op has run.
    const literal = length <= LARGEST_CONSTANT ? values.slice() : undefined;
    const handle = literal === undefined ? this.#real.copyTensor(shape, type, values) : -1;
    return this.#table.add(new StepValue([...shape], type, handle, literal));
  }

  #deleteTensor(id: number): void {
    const ours = this.#table.get(id);
    const value = ours ?? this.#met.get(id);
    if (ours === undefined) this.#variables.delete(id);
    if (value === undefined) return this.#real.deleteTensor(id);
    if (ours === undefined) this.#met.delete(id);
    else this.#table.remove(id);
    value.disposed = true;
    this.#run.release(value);
  }

  #valueOf(id: number): StepValue {
    const ours = this.#table.get(id);
    if (ours !== undefined) return ours;
    let value = this.#met.get(id);
    if (value === undefined) {
      const [dtype = 0, ...shape] = this.#real.describeTensor(id);
      value = new StepValue(shape, dtype, id, undefined, this.#variables.get(id));
      this.#met.set(id, value);
    }
    return value;
  }

  #handles(ids: readonly number[]): readonly number[] {
    return ids.some(isOurs) ? ids.map((id) => (isOurs(id) ? this.#run.handle(this.#table.get(id)!) : id)) : ids;
  }

  #read(id: number): Values {
    if (!isOurs(id)) return this.#real.tensorDataSync(id);
    const value = this.#table.get(id)!;
    if (this.#active && value.run === this.#run && value.reference >= 0) {
      this.#listener.onRead?.(lineUnderWay());
      this.#endRun();
    }
    if (value.handle < 0 && value.literal !== undefined) return value.literal.slice();
    return this.#real.tensorDataSync(this.#run.handle(value));
  }

  #executeOp(name: string, attributes: NativeAttribute[], ids: readonly number[], outputs: number): Output[] {
    if (name === 'VarHandleOp') return this.#variable(attributes, outputs);
    if (!this.#active) return this.#real.executeOp(name, attributes, this.#handles(ids), outputs);
    const run = this.#run;
    const inputs: StepValue[] = [];
    for (let i = 0; i < ids.length; i++) inputs.push(this.#valueOf(ids[i]!));
    const next = run.noting ? run.node.children[0] : undefined;
    if (next?.proved === true && next.outputs === outputs && next.barrier === undefined) {
      if (run.note(next, name, attributes, inputs)) return this.#noted(next);
    }
    const call = run.call(name, attributes, inputs, outputs);
    const child = run.node.find(call);
    if (child?.barrier !== undefined) {
      this.#endRun();
      return this.#real.executeOp(name, attributes, this.#handles(ids), outputs);
    }
    if (run.noting && child?.proved === true) {
      run.advance(child);
      return this.#noted(child);
    }
    if (run.noting) run.catchUp();
    const made = this.#executeNow(call, ids);
    run.advance(this.#tree.follow(run.node, call, made));
    return made.map((output) => this.#output(run.result(output, output.id)));
  }

  /** Outputs of the op that was noted last. */
  #noted({ results }: TraceNode): Output[] {
    const outputs: Output[] = [];
    for (let i = 0; i < results.length; i++) outputs.push(this.#output(this.#run.result(results[i]!)));
    return outputs;
  }

  /** A new variable: it is made at once, and belongs to no step. */
  #variable(attributes: NativeAttribute[], outputs: number): Output[] {
    const made = this.#real.executeOp('VarHandleOp', attributes, [], outputs);
    const shape = attributes.find((attribute) => attribute.name === 'shape')?.value as readonly number[] | undefined;
    for (const { id } of made) if (shape !== undefined) this.#variables.set(id, [...shape]);
    return made;
  }

  #executeNow(call: Call, ids: readonly number[]): Output[] {
    try {
      return this.#real.executeOp(call.name, [...call.attributes], this.#handles(ids), call.outputs);
    } catch (error) {
      this.#run.takeBack(call);
      throw error;
    }
  }

  #output(value: StepValue): Output {
    return { id: this.#table.add(value), shape: value.shape as number[], dtype: value.dtype };
  }
}
