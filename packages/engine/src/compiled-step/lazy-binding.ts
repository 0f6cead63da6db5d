import { copyOf, type FunctionBinding, type Values } from './native-functions.ts';
import { isOurs, StepValue, ValueTable } from './step-value.ts';
import { LARGEST_CONSTANT, type Call, type TensorKind, type TraceNode } from './trace.ts';
import { TraceTree, type Limits } from './trace-tree.ts';
import type { NativeAttribute } from '../kernel.ts';

type Output = ReturnType<FunctionBinding['executeOp']>[number];

/** Arrays that the addon takes for a type: float32, int32, uint8, bool. */
const ARRAYS: Readonly<Record<number, new (length: number) => Values>> = {
  1: Float32Array,
  3: Int32Array,
  4: Uint8Array,
  10: Uint8Array,
};

/** What a step is told of. */
export interface Listener {
  /** A value of this step was read in its midst, which ends one function and begins another. */
  onRead?(): void;
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
  #active = false;
  #listener: Listener = {};

  // The run: the ops from the beginning of the step, or since a value was last read.
  #run = 0;
  #node: TraceNode;
  /** Whether the ops so far are only noted. */
  #noting = true;
  #path: TraceNode[] = [];
  #args: StepValue[] = [];
  #results: StepValue[] = [];
  /** What may be freed once so many ops have run. */
  #releases: { readonly value: StepValue; readonly after: number }[] = [];

  constructor(real: FunctionBinding, tell?: (text: string) => void, limits?: Limits) {
    this.#real = real;
    this.#tree = new TraceTree(real, tell, limits);
    this.#node = this.#tree.root;
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
  step<Result>(f: () => Result, listener: Listener = {}): Result {
    if (this.#active) return f();
    this.#active = true;
    this.#listener = listener;
    this.#begin();
    try {
      const result = f();
      this.#end();
      return result;
    } catch (error) {
      this.#salvage();
      throw error;
    } finally {
      this.#active = false;
      this.#listener = {};
      this.#reset();
    }
  }

  #begin(): void {
    this.#run += 1;
    this.#reset();
  }

  #reset(): void {
    this.#node = this.#tree.root;
    this.#noting = true;
    this.#path = [];
    this.#args = [];
    this.#results = [];
    this.#releases = [];
  }

  /** After an error: what was noted before it is computed as far as that goes, since the caller may still hold it. */
  #salvage(): void {
    try {
      if (this.#noting) this.#catchUp();
    } catch {
      // The first error is the one to tell.
    }
    for (const { value } of this.#releases) this.#free(value);
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
    const value = isOurs(id) ? this.#table.get(id)! : this.#met.get(id);
    if (value === undefined) return this.#real.deleteTensor(id);
    if (isOurs(id)) this.#table.remove(id);
    else this.#met.delete(id);
    value.disposed = true;
    const noted = this.#active && this.#noting && value.run === this.#run;
    if (noted) this.#releases.push({ value, after: this.#path.length });
    else this.#free(value);
  }

  #free(value: StepValue): void {
    if (value.handle < 0) return;
    this.#real.deleteTensor(value.handle);
    value.handle = -1;
  }

  #valueOf(id: number): StepValue {
    const ours = this.#table.get(id);
    if (ours !== undefined) return ours;
    let value = this.#met.get(id);
    if (value === undefined) {
      const [dtype = 0, ...shape] = this.#real.describeTensor(id);
      value = new StepValue(shape, dtype, id);
      this.#met.set(id, value);
    }
    return value;
  }

  /** The addon's handle of a value that is computed or known. */
  #handle(value: StepValue): number {
    if (value.handle >= 0) return value.handle;
    if (value.literal === undefined) throw new Error('A tensor of a step that failed has no value');
    value.handle = this.#real.copyTensor(value.shape, value.dtype, value.literal);
    return value.handle;
  }

  #handles(ids: readonly number[]): readonly number[] {
    return ids.some(isOurs) ? ids.map((id) => (isOurs(id) ? this.#handle(this.#table.get(id)!) : id)) : ids;
  }

  #read(id: number): Values {
    const value = isOurs(id) ? this.#table.get(id)! : undefined;
    if (value === undefined) return this.#real.tensorDataSync(id);
    if (this.#active && value.run === this.#run && value.reference >= 0) {
      this.#listener.onRead?.();
      this.#end();
    }
    return value.handle < 0 && value.literal !== undefined
      ? value.literal.slice()
      : this.#real.tensorDataSync(this.#handle(value));
  }

  #executeOp(name: string, attributes: NativeAttribute[], ids: readonly number[], outputs: number): Output[] {
    if (!this.#active) return this.#real.executeOp(name, attributes, this.#handles(ids), outputs);
    const call = this.#call(name, attributes, ids, outputs);
    const child = this.#node.find(call);
    if (child?.barrier !== undefined) {
      this.#end();
      return this.#real.executeOp(name, attributes, this.#handles(ids), outputs);
    }
    if (this.#noting && child?.proved === true) {
      this.#advance(child);
      return child.results.map((kind) => this.#emit(kind, -1));
    }
    if (this.#noting) this.#catchUp();
    const made = this.#executeNow(call, ids);
    this.#advance(this.#tree.follow(this.#node, call, made));
    return made.map((output) => this.#emit(output, output.id));
  }

  #executeNow({ name, attributes, outputs, fresh }: Call, ids: readonly number[]): Output[] {
    try {
      return this.#real.executeOp(name, [...attributes], this.#handles(ids), outputs);
    } catch (error) {
      // The caller may go on without this op: no op of the run has met these yet.
      for (const value of fresh) value.run = 0;
      this.#args.length -= fresh.length;
      throw error;
    }
  }

  /** What is asked for, with its inputs as the run knows them. */
  #call(name: string, attributes: NativeAttribute[], ids: readonly number[], outputs: number): Call {
    const before = this.#args.length;
    const inputs: number[] = [];
    for (let i = 0; i < ids.length; i++) {
      const value = this.#valueOf(ids[i]!);
      if (value.run !== this.#run) {
        value.run = this.#run;
        this.#args.push(value);
        value.reference = -this.#args.length;
      }
      inputs.push(value.reference);
    }
    const fresh = before === this.#args.length ? NONE : this.#args.slice(before);
    return { name, attributes, inputs, outputs, fresh };
  }

  #advance(node: TraceNode): void {
    this.#node = node;
    this.#path.push(node);
  }

  #emit({ shape, dtype }: TensorKind, handle: number): Output {
    const value = new StepValue(shape, dtype, handle);
    value.run = this.#run;
    value.reference = this.#results.length;
    this.#results.push(value);
    return { id: this.#table.add(value), shape: shape as number[], dtype };
  }

  /** Runs one by one what was only noted. */
  #catchUp(): void {
    this.#noting = false;
    let next = 0;
    let released = 0;
    for (const [done, node] of this.#path.entries()) {
      const handles = node.inputs.map((reference) =>
        this.#handle(reference >= 0 ? this.#results[reference]! : this.#args[-reference - 1]!),
      );
      const made = this.#real.executeOp(node.name, [...node.attributes], handles, node.outputs);
      for (const { id } of made) this.#results[next++]!.handle = id;
      for (; this.#releases[released] !== undefined && this.#releases[released]!.after <= done + 1; released++) {
        this.#free(this.#releases[released]!.value);
      }
    }
    this.#releases = [];
  }

  /** Ends the run: everything in it that is still in use is computed. */
  #end(): void {
    if (this.#path.length === 0) return;
    const ending = this.#tree.end(this.#node);
    const alive: number[] = [];
    for (let i = 0; i < this.#results.length; i++) if (!this.#results[i]!.disposed) alive.push(i);
    const compiled = this.#tree.compile(ending, alive, this.#args) ? ending.compiled : undefined;
    if (this.#noting) {
      if (compiled === undefined) this.#catchUp();
      else this.#compute(compiled);
    }
    this.#begin();
  }

  #compute({ name, slots, results }: NonNullable<TraceNode['ending']>['compiled'] & object): void {
    const handles = new Int32Array(slots.length);
    for (let i = 0; i < slots.length; i++) handles[i] = this.#handle(this.#args[slots[i]!]!);
    this.#noting = false;
    const made = this.#real.runFunction(name, handles, results.length);
    for (let i = 0; i < results.length; i++) {
      const value = this.#results[results[i]!]!;
      value.handle = made[i]!;
      if (value.disposed) this.#free(value);
    }
    for (const { value } of this.#releases) this.#free(value);
    this.#releases = [];
  }
}

const NONE: readonly StepValue[] = [];
