import type { layers, Tensor } from '@tensorflow/tfjs-node-gpu';

/** A weight of a tfjs layer. tfjs exports neither its layer classes nor their fields, so we name what we lean on. */
export interface LayerVariable {
  read(): Tensor;
  write(value: Tensor): unknown;
}

/** What a tfjs layer that ends in an activation has. */
export interface ActivatedLayer extends layers.Layer {
  readonly kernel: LayerVariable;
  readonly bias: LayerVariable | null;
  readonly activation: { getClassName(): string; apply(x: Tensor): Tensor } | null;
}

/** The class behind one of tfjs's layer factories, to be extended. */
export function stockClass<Instance extends layers.Layer, Settings>(
  sample: layers.Layer,
): new (settings: Settings) => Instance {
  return sample.constructor as new (settings: Settings) => Instance;
}

/** The one tensor that a layer was called with. */
export function onlyInput(inputs: Tensor | Tensor[]): Tensor {
  return Array.isArray(inputs) ? inputs[0]! : inputs;
}

/** A layer's bias and activation on what its kernel made. */
export function finish(layer: ActivatedLayer, x: Tensor): Tensor {
  const biased = layer.bias == null ? x : x.add(layer.bias.read());
  const { activation } = layer;
  return activation == null || activation.getClassName() === 'linear' ? biased : activation.apply(biased);
}
