import type { tf } from '@selfsup/engine/tensorflow';
import { UserError } from '@selfsup/kit/errors';
import { GROUPED, splitGroups } from './grouped-convolution.ts';
import type { Reference, StockLayer } from './stock-layer.ts';

/** A functional model as Keras and tfjs write it. */
export interface StockTopology {
  readonly class_name: string;
  readonly config: {
    readonly name: string;
    readonly layers: readonly StockLayer[];
    readonly input_layers: readonly Reference[];
    readonly output_layers: readonly Reference[];
  };
  readonly keras_version: string;
  readonly backend: string;
}

/** Layers of tfjs 4.22 that our networks may use in a model meant for a page. */
const STOCK = new Set(
  (
    'InputLayer Activation Add Average AveragePooling2D BatchNormalization Concatenate Conv2D Conv2DTranspose ' +
    'Cropping2D Dense DepthwiseConv2D Dot Dropout ELU Flatten GlobalAveragePooling2D GlobalMaxPooling2D ' +
    'LayerNormalization LeakyReLU MaxPooling2D Maximum Minimum Multiply PReLU Permute ReLU Rescaling Reshape ' +
    'SeparableConv2D Softmax UpSampling2D ZeroPadding2D'
  ).split(' '),
);

/**
 * The model as stock tfjs layers. Our batch norm and dropout carry the names of the stock classes, our padded
 * pooling is built of stock layers, a grouped convolution becomes slices, convolutions and a concatenation; what has no
 * stock form (padding that never wins a maximum, adaptive pooling to sides that do not divide, local response
 * normalisation) throws `UserError` naming the layer.
 */
export function stockTopology(model: tf.LayersModel): StockTopology {
  const topology = model.toJSON(undefined, false) as unknown as StockTopology;
  const layers = topology.config.layers.flatMap((layer) => {
    if (layer.class_name !== GROUPED) return [layer];
    const { shape } = model.getLayer(layer.name).input as tf.SymbolicTensor;
    return splitGroups(layer, shape.at(-1)!);
  });
  for (const layer of layers) {
    if (STOCK.has(layer.class_name)) continue;
    throw new UserError(`Layer '${layer.name}' (${layer.class_name}) cannot be written for stock tfjs`, {
      field: layer.name,
      remedy: 'Stock tfjs has no such layer: export with --format safetensors, or build the network with one it has.',
    });
  }
  return { ...topology, config: { ...topology.config, layers } };
}

/**
 * One model out of two: `second` applied to what `first` gives. Layers of `second` whose names are taken get `prefix_`
 * before them. Returns the new names of `second`'s layers too.
 */
export function joinTopologies(
  first: StockTopology,
  second: StockTopology,
  prefix: string,
): { topology: StockTopology; renamed: ReadonlyMap<string, string> } {
  const taken = new Set(first.config.layers.map((layer) => layer.name));
  const input = second.config.input_layers[0]![0];
  const output = first.config.output_layers[0]!;
  const renamed = new Map(second.config.layers.map(({ name }) => [name, taken.has(name) ? `${prefix}_${name}` : name]));
  const follow = ([name, use, index, ...rest]: Reference): Reference =>
    name === input ? [output[0], output[1], output[2], ...rest] : [renamed.get(name)!, use, index, ...rest];
  const layers = second.config.layers
    .filter((layer) => layer.name !== input)
    .map((layer) => ({
      ...layer,
      name: renamed.get(layer.name)!,
      config: { ...layer.config, name: renamed.get(layer.name)! },
      inbound_nodes: layer.inbound_nodes.map((node) => node.map(follow)),
    }));
  return {
    renamed,
    topology: {
      ...first,
      config: {
        ...first.config,
        name: 'classifier',
        layers: [...first.config.layers, ...layers],
        output_layers: second.config.output_layers.map(follow),
      },
    },
  };
}
