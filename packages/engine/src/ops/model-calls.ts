import type { SymbolicTensor, Tensor } from '@tensorflow/tfjs-node-gpu';
import { tf } from './library.ts';

interface StockLayer {
  readonly built: boolean;
  readonly supportsMasking: boolean;
  readonly activityRegularizer: object | null;
  readonly inboundNodes: readonly { readonly outputTensors: readonly SymbolicTensor[] }[];
  readonly computeMask: unknown;
  assertNotDisposed(): void;
  assertInputCompatibility(inputs: readonly Tensor[]): void;
  call(inputs: readonly Tensor[], settings: object): Tensor | Tensor[];
}

/** What we need of a value in a model's graph; tfjs's typings keep it private. */
interface GraphValue {
  readonly id: number;
  readonly dtype: string;
  readonly name: string;
  readonly sourceLayer: StockLayer;
  readonly nodeIndex: number;
  readonly inputs: readonly GraphValue[];
}

interface Container {
  readonly inputs: readonly GraphValue[];
  readonly outputs: readonly GraphValue[];
  call(inputs: Tensor | Tensor[], settings?: { readonly training?: boolean }): Tensor | Tensor[];
}

/** One layer's part in a model: which values it takes, and the number of that which it gives. */
interface Call {
  readonly layer: StockLayer;
  readonly inputs: readonly number[];
  readonly output: number;
}

interface Plan {
  readonly calls: readonly Call[];
  readonly outputs: readonly number[];
  readonly values: number;
}

const container = Object.getPrototypeOf(tf.LayersModel.prototype) as Container;
const stock = container.call;
const base = tf.layers.Layer.prototype as unknown as StockLayer;
const merging = tf.layers.add({ name: 'stock' }) as unknown as StockLayer;

/** Layers whose masks are those of their inputs, of which there are none. */
const masksNothing = ({ supportsMasking, computeMask }: StockLayer): boolean =>
  !supportsMasking || computeMask === base.computeMask || computeMask === merging.computeMask;

/** The layers of a model in tfjs's own order; undefined for a model with masks, or layers of several results. */
function planOf({ inputs, outputs }: Container): Plan | undefined {
  const numbers = new Map(inputs.map((input, i) => [input.name, i]));
  const calls: Call[] = [];
  for (const output of outputs) {
    const stack = [output];
    const opened = new Set<GraphValue>();
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      if (numbers.has(top.name) || opened.has(top)) {
        stack.pop();
        if (numbers.has(top.name)) continue;
        const layer = top.sourceLayer;
        const given = layer.inboundNodes[top.nodeIndex]?.outputTensors.length;
        if (top.inputs.length === 0 || given !== 1 || !masksNothing(layer) || layer.activityRegularizer != null) {
          return undefined;
        }
        numbers.set(top.name, numbers.size);
        calls.push({ layer, inputs: top.inputs.map(({ name }) => numbers.get(name)!), output: numbers.get(top.name)! });
      } else {
        opened.add(top);
        stack.push(...top.inputs.filter(({ name }) => !numbers.has(name)));
      }
    }
  }
  return { calls, outputs: outputs.map(({ name }) => numbers.get(name)!), values: numbers.size };
}

const plans = new WeakMap<Container, Plan | { readonly calls: undefined }>();

function planFor(model: Container): Plan | undefined {
  let plan = plans.get(model);
  if (plan === undefined) plans.set(model, (plan = planOf(model) ?? { calls: undefined }));
  return plan.calls === undefined ? undefined : plan;
}

/**
 * A model in training goes through its layers as tfjs goes through them, in the same order, without looking up by name what is
 * known after the first time: orders, masks that there are none of, scopes of names. In inference tfjs frees what is no
 * longer needed, and goes its own way.
 */
container.call = function (this: Container, inputs, settings) {
  const given = Array.isArray(inputs) ? inputs : [inputs];
  const plan = settings?.training === true ? planFor(this) : undefined;
  const fits = given.length === this.inputs.length && given.every(({ dtype }, i) => dtype === this.inputs[i]!.dtype);
  if (plan === undefined || !fits || plan.calls.some(({ layer }) => !layer.built)) {
    return stock.call(this, inputs, settings);
  }
  return tf.tidy(() => {
    const values: Tensor[] = [...given];
    for (const { layer, inputs: numbers, output } of plan.calls) {
      const taken = numbers.map((number) => values[number]!);
      layer.assertNotDisposed();
      layer.assertInputCompatibility(taken);
      const made = layer.call(taken, settings!);
      const value = Array.isArray(made) ? made[0]! : made;
      values[output] = taken.includes(value) ? value.clone() : value;
    }
    const results = plan.outputs.map((number) => values[number]!);
    return results.length === 1 ? results[0]! : results;
  }) as Tensor | Tensor[];
};
