import { pixelTensor } from '@selfsup/engine/device-tensor';
import { tf } from '@selfsup/engine/tensorflow';
import { UserError } from '@selfsup/kit/errors';
import type { LoadedEncoder } from '@selfsup/models/encoder';
import { normalise } from '@selfsup/models/normalise';
import { modelWeights, type NamedVariable } from '@selfsup/models/weights';
import type { ParameterGroup } from '@selfsup/trainer/trainee';
import type { FeatureShape } from '../heads/head-source.ts';

/** An encoder whose upper layers, or all, are trained together with a head. */
export interface TunedNetwork {
  /** Images `[batch, height, width, channels]` of 0..255 as the trained part takes them: through the frozen layers. */
  below(images: Uint8Array, batch: number): tf.Tensor;
  /** What `below` gave to logits `[batch, classes]`. */
  above(x: tf.Tensor, training: boolean): tf.Tensor2D;
  /** What the optimisers update: a group for each factor of the learning rate. */
  readonly parameterGroups: readonly ParameterGroup[];
  /** All that training changes: batch norm's moving statistics too. */
  readonly state: readonly NamedVariable[];
  readonly head: tf.LayersModel;
  /** Disposes of the encoder too. */
  dispose(): void;
}

export interface TunedNetworkOptions {
  readonly encoder: LoadedEncoder;
  /** Probe point on which the head stands. */
  readonly layer: string;
  /** Layers up to this probe point stay as they are, batch norm in inference mode; none where absent. */
  readonly frozen?: string | undefined;
  /** Learning-rate factors of the head and of probe points. */
  readonly learningRates: Readonly<Record<string, number>>;
  /** Makes the head on features `[height, width, channels]`. */
  readonly buildHead: (shape: FeatureShape) => tf.LayersModel;
}

/**
 * Puts a head on an encoder and parts it at `frozen`. Takes the encoder over. Throws `UserError` for layers that are no
 * probe points or lie in the wrong order, and for learning rates of what is not trained, listing what there is.
 */
export function tunedNetwork(options: TunedNetworkOptions): TunedNetwork {
  const { encoder, layer, frozen, learningRates } = options;
  const { model, probePoints } = encoder;
  requirePoint(probePoints, layer, 'layer');
  if (frozen !== undefined) requirePoint(probePoints, frozen, 'frozen');
  const outputOf = (name: string): tf.SymbolicTensor => model.getLayer(name).output as tf.SymbolicTensor;
  const image = model.inputs[0] as tf.SymbolicTensor;
  const start = frozen === undefined ? image : outputOf(frozen);
  const end = outputOf(layer);
  const groups = layersByPoint(start, probePoints.slice(0, probePoints.indexOf(layer) + 1), outputOf);
  const known = ['head', ...new Set(groups.values())];
  const unknown = Object.keys(learningRates).find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new UserError(`'learningRates' names ${unknown}, which is not trained`, {
      field: `learningRates.${unknown}`,
      remedy: `Use one of: ${known.join(', ')}.`,
    });

  const lower = frozen === undefined ? undefined : tf.model({ inputs: image, outputs: start });
  const body = start === end ? undefined : between(start, end);
  const head = options.buildHead(end.shape.slice(1) as unknown as FeatureShape);
  const rateOf = (name: string): number => {
    const [part, layerName] = name.split('/') as [string, string];
    return learningRates[part === 'head' ? 'head' : groups.get(layerName)!] ?? 1;
  };
  const weights = (trainableOnly: boolean): NamedVariable[] => [
    ...(body === undefined ? [] : modelWeights('encoder', body, trainableOnly)),
    ...modelWeights('head', head, trainableOnly),
  ];
  return {
    below: (images, batch) =>
      tf.tidy(() => {
        const { height, width, channels } = encoder.input;
        const x = normalise(pixelTensor(images, [batch, height, width, channels]), encoder.normalisation);
        return lower === undefined ? x : (lower.predictOnBatch(x) as tf.Tensor);
      }),
    above: (x, training) => {
      const features = body === undefined ? x : (body.apply(x, { training }) as tf.Tensor);
      return head.apply(features, { training }) as tf.Tensor2D;
    },
    parameterGroups: byRate(weights(true), rateOf),
    state: weights(false),
    head,
    dispose() {
      body?.dispose();
      head.dispose();
      model.dispose();
    },
  };
}

function byRate(variables: readonly NamedVariable[], rateOf: (name: string) => number): ParameterGroup[] {
  const rates = [...new Set(variables.map(({ name }) => rateOf(name)))];
  return rates.map((rate) => ({
    ...{ name: `rate-${rate}`, rate },
    variables: variables.filter(({ name }) => rateOf(name) === rate),
  }));
}

function requirePoint(points: readonly string[], name: string, field: string): void {
  if (points.includes(name)) return;
  throw new UserError(`The encoder has no layer '${name}'`, { field, remedy: `Use one of: ${points.join(', ')}.` });
}

/** Layers above `start` by name, each with the first of the points that it leads to. */
function layersByPoint(
  start: tf.SymbolicTensor,
  points: readonly string[],
  outputOf: (name: string) => tf.SymbolicTensor,
): Map<string, string> {
  const groups = new Map<string, string>();
  const visit = (tensor: tf.SymbolicTensor, point: string): void => {
    if (tensor === start || groups.has(tensor.sourceLayer.name) || tensor.inputs.length === 0) return;
    groups.set(tensor.sourceLayer.name, point);
    for (const input of tensor.inputs) visit(input, point);
  };
  const below = new Set<tf.SymbolicTensor>();
  const descend = (tensor: tf.SymbolicTensor): void => {
    if (below.has(tensor)) return;
    below.add(tensor);
    tensor.inputs.forEach(descend);
  };
  descend(start);
  for (const point of points) if (!below.has(outputOf(point))) visit(outputOf(point), point);
  return groups;
}

/** The layers between two tensors of a model as a model of its own, which shares their weights. */
function between(start: tf.SymbolicTensor, end: tf.SymbolicTensor): tf.LayersModel {
  const input = tf.input({ shape: start.shape.slice(1), name: 'trained_input' });
  const made = new Map<tf.SymbolicTensor, tf.SymbolicTensor>([[start, input]]);
  const again = (tensor: tf.SymbolicTensor): tf.SymbolicTensor => {
    const found = made.get(tensor);
    if (found !== undefined) return found;
    if (tensor.inputs.length === 0)
      throw new UserError(`The head's layer does not lie above the frozen ones alone`, {
        field: 'frozen',
        remedy: "Freeze up to a layer below 'layer', through which everything passes.",
      });
    const inputs = tensor.inputs.map(again);
    const output = tensor.sourceLayer.apply(inputs.length === 1 ? inputs[0]! : inputs) as tf.SymbolicTensor;
    made.set(tensor, output);
    return output;
  };
  return tf.model({ inputs: input, outputs: again(end), name: 'trained' });
}
