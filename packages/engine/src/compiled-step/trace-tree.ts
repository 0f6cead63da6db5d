import type { FunctionBinding } from './native-functions.ts';
import { Pace } from './pace.ts';
import type { StepValue } from './step-value.ts';
import { equal, pathTo, TraceNode, type Call, type CompiledTrace, type Ending, type TensorKind } from './trace.ts';

/** How much is remembered; what was used longest ago goes first. */
export interface Limits {
  readonly functions: number;
  /** Ops of all traces. */
  readonly ops: number;
}

const LIMITS: Limits = { functions: 64, ops: 30_000 };

/** A function whose ops give fewer numbers than this in all runs them one after another. */
const NUMBERS_IN_TURN = 2_000_000;

/**
 * So does one with a tensor of this many numbers: two ops at once on such tensors would hold twice as much beside them, and
 * each keeps all threads busy.
 */
const NUMBERS_OF_HUGE = 16_000_000;

/** How often a trace is met before it is worth a function. */
const TIMES_BEFORE_FUNCTION = 2;

/**
 * Ops whose results have shapes that follow from their inputs' or their variable's, though TensorFlow's registry has no
 * function to infer them from a graph.
 */
const TRUSTED = new Set([
  '_MklNativeMaxPool',
  '_MklNativeMaxPoolGrad',
  'FusedBatchNormV3',
  'FusedBatchNormGradV3',
  'ReadVariableOp',
]);

/** Ops that wait for messages of other processes, while TensorFlow's threads must be free to take these: they run by themselves. */
const WAITING = new Set(['CollectiveReduceV2']);

/** Functions get names of their own for as long as the process lives. */
let named = 0;

/** All traces, as a tree: those that begin alike share their beginning. */
export class TraceTree {
  readonly root = new TraceNode(undefined, { name: '', attributes: [], inputs: [], outputs: 0, fresh: [] }, []);
  readonly #binding: FunctionBinding;
  readonly #limits: Limits;
  readonly #tell: (text: string) => void;
  /** The one that was used longest ago comes first. */
  readonly #endings = new Set<Ending>();
  #ops = 0;
  #functions = 0;

  constructor(binding: FunctionBinding, tell: (text: string) => void = () => undefined, limits: Limits = LIMITS) {
    this.#binding = binding;
    this.#tell = tell;
    this.#limits = limits;
  }

  get functions(): number {
    return this.#functions;
  }

  get ops(): number {
    return this.#ops;
  }

  /**
   * The child of `parent` for a call that has run and gave `results`. Where one differs in nothing but the values of
   * constants, these become arguments.
   */
  follow(parent: TraceNode, call: Call, results: readonly TensorKind[]): TraceNode {
    const alike = parent.children.filter((child) => child.gives(results));
    const exact = alike.find((child) => child.matches(call, false));
    if (exact !== undefined) return exact;
    const same = alike.find((child) => child.matches(call, true));
    if (same !== undefined) {
      this.#vary(same, call);
      return same;
    }
    // What is pinned in one trace is so in those that differ from it in these values.
    const pinned = call.fresh.map((_value, i) =>
      parent.children.some((child) => child.name === call.name && child.args[i]?.pinned === true),
    );
    const child = new TraceNode(parent, call, results, pinned);
    if (WAITING.has(call.name)) child.barrier = 'it waits for other processes';
    const other = parent.children.find((sibling) => sibling.matches(call, false));
    if (other !== undefined) other.barrier = child.barrier = 'the shape of its result depends on values';
    parent.children.unshift(child);
    this.#ops += 1;
    return child;
  }

  /** Constants of which another value was met become arguments: functions that hold them no longer count. */
  #vary(node: TraceNode, call: Call): void {
    for (const [i, argument] of node.args.entries()) {
      const { literal } = call.fresh[i]!;
      if (argument.constant === undefined || argument.pinned) continue;
      if (literal !== undefined && equal(literal, argument.constant)) continue;
      argument.constant = undefined;
    }
    this.#tell(`${node.name}, op ${node.depth}, takes varying numbers`);
    this.#doubt(node);
  }

  #doubt(node: TraceNode): void {
    node.proved = false;
    if (node.ending !== undefined) this.#forgetFunction(node.ending);
    for (const child of node.children) this.#doubt(child);
  }

  /** A step ends here. */
  end(node: TraceNode): Ending {
    const ending = (node.ending ??= { node, seen: 0, compiled: undefined, refused: false });
    ending.seen += 1;
    this.#endings.delete(ending);
    this.#endings.add(ending);
    this.#evict();
    return ending;
  }

  /**
   * Sees to it that a step that ends here with these results alive has a function, from the second time on. `args` are the
   * values of its arguments. Undefined where it has none: then its ops must run one by one.
   */
  compile(ending: Ending, alive: readonly number[], args: readonly StepValue[]): CompiledTrace | undefined {
    const results = ending.compiled?.results ?? [];
    const more = alive.filter((index) => !results.includes(index));
    if (ending.compiled !== undefined && more.length === 0) return ending.compiled;
    if (ending.refused || ending.seen < TIMES_BEFORE_FUNCTION) return undefined;
    this.#define(
      ending,
      [...results, ...more].sort((a, b) => a - b),
      args,
    );
    return ending.compiled;
  }

  #define(ending: Ending, results: readonly number[], values: readonly StepValue[]): void {
    this.#forgetFunction(ending);
    const path = pathTo(ending.node);
    const args = path.flatMap((node) => node.args);
    const name = `selfsup_step_${(named += 1)}`;
    const start = performance.now();
    const refusal = this.#binding.defineFunction(
      name,
      args,
      path.map((node) => ({
        name: node.name,
        attributes: node.attributes,
        inputs: node.inputs,
        shapes: node.results.map(({ shape }) => shape),
        trusted: TRUSTED.has(node.name),
      })),
      results,
    );
    if (refusal !== undefined) {
      const op = path[refusal.op];
      this.#tell(`no function of ${path.length} ops: ${op?.name ?? 'the whole'}, op ${refusal.op + 1}: ${refusal.why}`);
      if (op === undefined) ending.refused = true;
      else if (!this.#pin(op, path, values)) op.barrier = refusal.why;
      return;
    }
    for (const node of path) node.proved = true;
    const slots = args.flatMap((argument, slot) => (argument.constant === undefined ? [slot] : []));
    const numbers = path.flatMap((node) =>
      node.results.map(({ shape }) => shape.reduce((product, side) => product * side, 1)),
    );
    const pace = numbers.reduce((sum, size) => sum + size, 0) < NUMBERS_IN_TURN ? new Pace() : undefined;
    const inTurn = pace !== undefined || numbers.some((size) => size >= NUMBERS_OF_HUGE);
    ending.compiled = { name, slots, results, inTurn, pace, literals: slots.map(() => undefined) };
    this.#functions += 1;
    const took = `${(performance.now() - start).toFixed(0)} ms`;
    this.#tell(`${name}: ${path.length} ops, ${slots.length} arguments, ${results.length} results, defined in ${took}`);
    this.#evict();
  }

  /** Makes constants of the numbers that an op is given from JavaScript, for good. False where there are none. */
  #pin(op: TraceNode, path: readonly TraceNode[], values: readonly StepValue[]): boolean {
    let pinned = false;
    let slot = -1;
    for (const node of path) {
      for (const argument of node.args) {
        slot += 1;
        const { literal } = values[slot]!;
        if (argument.constant !== undefined || literal === undefined || !op.inputs.includes(-1 - slot)) continue;
        argument.constant = literal;
        argument.pinned = pinned = true;
        this.#doubt(node);
      }
    }
    return pinned;
  }

  #forgetFunction(ending: Ending): void {
    if (ending.compiled === undefined) return;
    for (const literal of ending.compiled.literals)
      if (literal !== undefined) this.#binding.deleteTensor(literal.handle);
    this.#binding.removeFunction(ending.compiled.name);
    ending.compiled = undefined;
    this.#functions -= 1;
  }

  /** Forgets endings until the limits hold, and what leads to no other; never the newest. */
  #evict(): void {
    for (const ending of this.#endings) {
      const tooManyOps = this.#ops > this.#limits.ops;
      if ((!tooManyOps && this.#functions <= this.#limits.functions) || this.#endings.size === 1) return;
      if (!tooManyOps && ending.compiled === undefined) continue;
      this.#forgetFunction(ending);
      this.#endings.delete(ending);
      let node = ending.node;
      node.ending = undefined;
      while (node.parent !== undefined && node.ending === undefined && node.children.length === 0) {
        const { children } = node.parent;
        children.splice(children.indexOf(node), 1);
        node.proved = false; // no way leads to it
        this.#ops -= 1;
        node = node.parent;
      }
    }
  }
}
