import type { NamedTensorMap, Scalar, Tensor, Variable } from '@tensorflow/tfjs-node-gpu';
import { savingForOnce } from '../ops/kernel-calls.ts';
import { tf } from '../ops/library.ts';
import { readsFirstGradientOnly } from '../ops/registry.ts';
import { RememberedBackward } from './remembered-backward.ts';
import type { TapeNode } from './tape.ts';

/** What we need of tfjs's engine; its typings keep the tape private. */
interface TapeEngine {
  readonly state: { activeTape: TapeNode[] | null; gradientDepth: number };
  startTape(): void;
  endTape(): void;
  tidy<Result>(f: () => Result): Result;
}

/** Nodes on a path from the variables to the loss, in order, with the names of the inputs on such a path. */
function nodesBetween(tape: readonly TapeNode[], variables: readonly Variable[], loss: Tensor) {
  const fromVariables = new Set(variables.map((variable) => variable.id));
  const reached: { node: TapeNode; inputs: string[] }[] = [];
  for (const node of tape) {
    const inputs = Object.keys(node.inputs).filter((name) => fromVariables.has(node.inputs[name]!.id));
    if (inputs.length === 0) continue;
    reached.push({ node, inputs });
    for (const output of node.outputs) fromVariables.add(output.id);
  }
  const toLoss = new Set([loss.id]);
  return reached
    .reverse()
    .filter(({ node, inputs }) => {
      if (!node.outputs.some((output) => toLoss.has(output.id))) return false;
      for (const name of inputs) toLoss.add(node.inputs[name]!.id);
      return true;
    })
    .reverse();
}

/** Gradients found so far, by tensor id. A tensor may stand for several ids, and is disposed with the last. */
class GradientMap {
  readonly #gradients = new Map<number, Tensor>();
  /** How many ids each stands for. */
  readonly #uses = new Map<Tensor, number>();

  get(id: number): Tensor | undefined {
    return this.#gradients.get(id);
  }

  add(id: number, gradient: Tensor): void {
    const before = this.#gradients.get(id);
    const sum = before === undefined ? gradient : before.add(gradient);
    this.#gradients.set(id, sum);
    this.#uses.set(sum, (this.#uses.get(sum) ?? 0) + 1);
    if (before === undefined) return;
    this.#release(before);
    if (gradient !== before && !this.#uses.has(gradient)) gradient.dispose();
  }

  /** Forgets the gradients of these ids, which nothing will ask for again. */
  remove(ids: readonly number[]): void {
    for (const id of ids) {
      const gradient = this.#gradients.get(id);
      this.#gradients.delete(id);
      if (gradient !== undefined) this.#release(gradient);
    }
  }

  /** It stands for one id less. */
  #release(tensor: Tensor): void {
    const uses = this.#uses.get(tensor)! - 1;
    if (uses > 0) {
      this.#uses.set(tensor, uses);
    } else {
      this.#uses.delete(tensor);
      tensor.dispose();
    }
  }
}

/** Gradients of one node's inputs, by name; whatever else it computed on the way is freed. */
function gradientsThrough(engine: TapeEngine, node: TapeNode, inputs: readonly string[], gradients: GradientMap) {
  const { gradient } = node;
  if (gradient === undefined) throw new Error(`${node.kernelName} has no gradient`);
  return engine.tidy(() => {
    const known = node.outputs.map((output) => gradients.get(output.id));
    const byInput = gradient(readsFirstGradientOnly(node.kernelName) ? known.map((one) => one ?? known[0]) : known);
    const found: NamedTensorMap = {};
    for (const name of inputs) {
      const ofInput = byInput[name];
      if (ofInput === undefined) throw new Error(`${node.kernelName} has no gradient for its input ${name}`);
      found[name] = engine.tidy(ofInput);
      const [got, want] = [found[name].shape, node.inputs[name]!.shape];
      if (!tf.util.arraysEqual(got, want)) {
        throw new Error(`The gradient of ${node.kernelName} for ${name} has shape [${got}], not [${want}]`);
      }
    }
    return found;
  });
}

type Path = ReturnType<typeof nodesBetween>;

/** One backward pass along a path; `done` is called with each node when its gradients are found. */
function backpropagate(
  engine: TapeEngine,
  path: Path,
  variables: readonly Variable[],
  loss: Scalar,
  done: (node: TapeNode) => void,
): NamedTensorMap {
  const wanted = new Set(variables.map((variable) => variable.id));
  const gradients = new GradientMap();
  gradients.add(loss.id, tf.onesLike(loss));
  for (const { node, inputs } of path.toReversed()) {
    const found = gradientsThrough(engine, node, inputs, gradients);
    for (const name of inputs) gradients.add(node.inputs[name]!.id, found[name]!);
    gradients.remove(node.outputs.map((output) => output.id).filter((id) => !wanted.has(id)));
    done(node);
  }
  const named: NamedTensorMap = {};
  for (const { name, id } of variables) {
    const gradient = gradients.get(id);
    if (gradient !== undefined) named[name] = gradient;
  }
  return named;
}

/** Frees what the nodes saved for their gradients; harmless where that was done before. */
function release(tape: readonly TapeNode[]): void {
  for (const node of tape) tf.dispose(node.saved ?? []);
}

/** Runs `f` and takes down its operations. */
function record<Result extends readonly Scalar[]>(engine: TapeEngine, f: () => Result) {
  engine.startTape();
  let values: Result | undefined;
  try {
    values = savingForOnce(() => engine.tidy(f));
  } finally {
    engine.endTape();
    if (values === undefined) release(engine.state.activeTape ?? []);
  }
  const tape = engine.state.activeTape ?? [];
  engine.state.activeTape = null;
  return { values, tape };
}

/** A loss and the gradients of those variables, by name, that it depends on. */
export interface LossGradients {
  readonly value: Scalar;
  readonly gradients: NamedTensorMap;
}

/**
 * `tf.variableGrads` with the memory of its backward pass given back as it goes: activations and inner gradients
 * are freed as soon as the last operation that reads them is done, which halves the peak of a convolutional
 * network. `f` must return a scalar; gradients are keyed by variable name, and lack variables that the loss does not
 * depend on. The caller disposes both. Not for gradients of gradients. Throws when an operation has no gradient.
 */
export function variableGradients(f: () => Scalar, variables: readonly Variable[]): LossGradients {
  return variableGradientsOfEach(() => [f()], [variables])[0]!;
}

/**
 * `variableGradients` of several losses from one forward pass, each by variables of its own: what parameter groups
 * need that are updated at the same time. `f` gives one scalar for each entry of `variables`; there is one backward pass
 * for each, and what operations saved is freed with the last that reads it.
 */
export function variableGradientsOfEach(
  f: () => readonly Scalar[],
  variables: readonly (readonly Variable[])[],
): LossGradients[] {
  const engine = tf.engine() as unknown as TapeEngine;
  if (engine.state.gradientDepth > 0) throw new Error('variableGradients cannot be differentiated itself');
  const { values, tape } = record(engine, f);
  const found: LossGradients[] = [];
  try {
    if (values.length !== variables.length) {
      throw new Error(`${values.length} losses for ${variables.length} parameter groups`);
    }
    for (const { rank, shape } of values) {
      if (rank !== 0) throw new Error(`The loss must be a scalar, got shape [${shape}]`);
    }
    const remembered = RememberedBackward.of(tape, variables, values);
    const recalled = remembered?.recall();
    if (recalled !== undefined) return values.map((value, pass) => ({ value, gradients: recalled[pass]! }));
    const paths = values.map((value, i) => nodesBetween(tape, variables[i]!, value));
    const lastUse = new Map(paths.flatMap((path, pass) => path.map(({ node }) => [node, pass] as const)));
    for (const node of tape) if (!lastUse.has(node)) release([node]);
    for (const [pass, value] of values.entries()) {
      const done = (node: TapeNode) => lastUse.get(node) === pass && release([node]);
      const gradients = engine.tidy(() => backpropagate(engine, paths[pass]!, variables[pass]!, value, done));
      found.push({ value, gradients });
    }
    remembered?.remember(found.map(({ gradients }) => gradients));
    return found;
  } catch (error) {
    tf.dispose([...values]);
    for (const { gradients } of found) tf.dispose(gradients);
    throw error;
  } finally {
    release(tape);
  }
}
