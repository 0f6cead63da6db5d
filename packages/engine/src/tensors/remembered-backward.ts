import type { NamedTensorMap, Tensor, Variable } from '@tensorflow/tfjs-node-gpu';
import { lazyBinding } from '../compiled-step/compiled-step.ts';
import type { Passage, Place } from '../compiled-step/step-run.ts';
import type { TraceNode } from '../compiled-step/trace.ts';
import { tensorFlowBackend } from '../kernel.ts';
import type { TapeNode } from './tape.ts';

/** A gradient: whose it is, and where it comes from. */
interface Given {
  readonly name: string;
  /** Which of the passage's outputs holds its values. */
  readonly output: number;
  /** The first gradient that is this very tensor, by number over all passes. */
  readonly tensor: number;
}

/** A backward pass of an earlier step. */
interface Known {
  readonly description: readonly unknown[];
  /** Undefined where what it asked for depends on more than the tape. */
  readonly passage: Passage | undefined;
  readonly passes: readonly (readonly Given[])[];
}

interface Backend {
  readonly tensorMap: {
    get(dataId: object): { readonly id: number; readonly refCount: number; readonly values: unknown };
  };
  createOutputTensor(output: { id: number; shape: number[]; dtype: number }): Tensor;
}

/** Backward passes that are remembered at one place of a trace. */
const MOST = 4;

/** By where in a trace they begin; forgotten with it. */
const known = new WeakMap<TraceNode, Known[]>();

/**
 * What ops' registered gradients ask for follows from the tape: from the ops on it, their attributes, how they hang together,
 * and which tensors they saved. In a compiled step that reaches the same place with the same tape as before, the backward
 * pass need not run again in JavaScript: its ops are noted as they were then.
 */
export class RememberedBackward {
  readonly #start: Place;
  readonly #description: readonly unknown[];
  /** The same of an earlier step. */
  readonly #known: Known | undefined;

  private constructor(start: Place, description: readonly unknown[]) {
    this.#start = start;
    this.#description = description;
    this.#known = known.get(start.node)?.find((one) => same(one.description, description));
  }

  /** For a tape and the losses at its end, each differentiated by variables of its own. Undefined where nothing can be known. */
  static of(
    tape: readonly TapeNode[],
    variables: readonly (readonly Variable[])[],
    losses: readonly Tensor[],
  ): RememberedBackward | undefined {
    if (lazyBinding()?.place() === undefined || tape.some(({ isCustom }) => isCustom === true)) return undefined;
    const description = described(tape, variables, losses);
    // Only now: what was saved has been handed to the addon.
    const start = lazyBinding()!.place();
    return start && new RememberedBackward(start, description);
  }

  /** The gradients of each pass by variable, noted but not computed; undefined where it must be asked for. */
  recall(): NamedTensorMap[] | undefined {
    const { passage, passes = [] } = this.#known ?? {};
    const outputs = passage && lazyBinding()!.walk(passage);
    if (outputs === undefined) return undefined;
    const backend = tensorFlowBackend() as unknown as Backend;
    const first = outputs.map((output) => backend.createOutputTensor(output));
    const taken = new Set<number>();
    const all: Tensor[] = [];
    return passes.map((gradients) => {
      const named: NamedTensorMap = {};
      for (const { name, output, tensor } of gradients) {
        const own = tensor < all.length ? all[tensor]! : taken.has(output) ? first[output]!.clone() : first[output]!;
        taken.add(output);
        all.push(own);
        named[name] = own;
      }
      return named;
    });
  }

  /** Remembers the backward pass that has just been asked for, if all of it was noted, and the gradients that it gave. */
  remember(gradients: readonly NamedTensorMap[]): void {
    const isHopeless = this.#known !== undefined && this.#known.passage === undefined;
    if (isHopeless || lazyBinding()?.place()?.run !== this.#start.run) return;
    // Of one that no longer goes on from here, the ops were forgotten and recorded anew.
    const others = (known.get(this.#start.node) ?? []).filter((one) => one !== this.#known);
    const { tensorMap } = tensorFlowBackend() as unknown as Backend;
    const tensors = gradients.flatMap((named) => Object.values(named));
    const data = [...new Set(tensors.map(({ dataId }) => dataId))];
    // Only if they are the last who hold their values: others could tell.
    const held = data.map((dataId) => tensorMap.get(dataId));
    const isOwn = data.every((dataId, i) => {
      const holders = new Set(tensors.filter((tensor) => tensor.dataId === dataId)).size;
      return held[i]!.values === null && held[i]!.refCount === holders;
    });
    const passage = isOwn
      ? lazyBinding()!.passage(
          this.#start,
          held.map(({ id }) => id),
        )
      : undefined;
    const passes = gradients.map((named) =>
      Object.entries(named).map(([name, tensor]) => {
        return { name, output: data.indexOf(tensor.dataId), tensor: tensors.indexOf(tensor) };
      }),
    );
    const newest = { description: this.#description, passage, passes };
    known.set(this.#start.node, [newest, ...others].slice(0, MOST));
  }
}

/** All that the backward pass of a tape follows from, in a list of numbers, texts, shapes and attributes. */
function described(
  tape: readonly TapeNode[],
  variables: readonly (readonly Variable[])[],
  losses: readonly Tensor[],
): unknown[] {
  const lazy = lazyBinding()!;
  const backend = tensorFlowBackend();
  /** Variables are themselves, results of ops are counted; what else there is has no gradient. */
  const names = new Map<number, number>();
  const list: unknown[] = [];
  for (const own of variables) {
    list.push(own.length);
    for (const { id, name } of own) {
      names.set(id, -1 - id);
      list.push(id, name);
    }
  }
  let results = 0;
  for (const { kernelName, attributes, inputs, outputs, saved = [] } of tape) {
    list.push(kernelName, attributes, outputs.length, saved.length);
    for (const input of Object.keys(inputs)) list.push(input, names.get(inputs[input]!.id), inputs[input]!.shape);
    for (const { id, shape } of outputs) {
      names.set(id, results++);
      list.push(shape);
    }
    const handles = backend.getInputTensorIds(saved);
    for (let i = 0; i < saved.length; i++) list.push(lazy.referenceOf(handles[i]!), saved[i]!.shape, saved[i]!.dtype);
  }
  for (const { id } of losses) list.push(names.get(id));
  return list;
}

function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a)) {
    if (!Array.isArray(b) || a.length !== b.length) return false;
    for (let i = 0; i < a.length; i++) if (!same(a[i], b[i])) return false;
    return true;
  }
  if (!isPlain(a) || !isPlain(b)) return false;
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every((key) => same(a[key], b[key]));
}

function isPlain(value: object): value is Record<string, unknown> {
  return Object.getPrototypeOf(value) === Object.prototype;
}
