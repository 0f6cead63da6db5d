import type { Grid } from '@selfsup/engine/bilinear';
import type { tf } from '@selfsup/engine/tensorflow';

/** Leading padding and window of a layer, and how far its windows lie apart; of most layers 0, 1 and 1. */
interface Window {
  readonly padding: number;
  readonly size: number;
  readonly stride: number;
}

/**
 * Where the units of a feature map lie on the image: unit i is centred on pixel `centre + stride · i`, along rows and columns
 * alike. `output` is a tensor of the model, reached from its image by a chain of layers. Throws `Error` for a chain that
 * branches, and for windows whose place depends on the size of the image.
 */
export function samplingGrid(model: tf.LayersModel, output: tf.SymbolicTensor): Grid {
  const chain: tf.layers.Layer[] = [];
  for (let tensor = output; tensor.id !== model.inputs[0]!.id; tensor = tensor.inputs[0]!) {
    if (tensor.inputs.length !== 1) throw new Error(`'${tensor.sourceLayer.name}' has ${tensor.inputs.length} inputs`);
    chain.push(tensor.sourceLayer);
  }
  let [stride, centre] = [1, 0];
  for (const layer of chain.reverse()) {
    const window = windowOf(layer);
    centre += ((window.size - 1) / 2 - window.padding) * stride;
    stride *= window.stride;
  }
  return { stride, centre };
}

function windowOf(layer: tf.layers.Layer): Window {
  const config = layer.getConfig() as Readonly<Record<string, unknown>>;
  const [first] = [config['kernelSize'] ?? config['poolSize']].flat() as (number | undefined)[];
  if (first !== undefined) {
    const [stride] = [config['strides']].flat() as [number];
    if (config['padding'] !== 'same') return { padding: 0, size: first, stride };
    if (stride !== 1) throw new Error(`Where the windows of '${layer.name}' lie depends on the size of the image`);
    return { padding: Math.floor((first - 1) / 2), size: first, stride };
  }
  const padding = config['padding'] as number | readonly (readonly number[])[] | undefined;
  const leading = Array.isArray(padding) ? (padding as number[][])[0]![0]! : typeof padding === 'number' ? padding : 0;
  return { padding: leading, size: 1, stride: 1 };
}
