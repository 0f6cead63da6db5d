import { tf } from '@selfsup/engine/tensorflow';
import type { StockLayer } from './stock-layer.ts';

/** Class name of the engine's grouped convolution. */
export const GROUPED = 'GroupedConv2D';

/** A weight of a layer, under its name there: `kernel` or `bias`. */
export interface LayerWeight {
  readonly layer: string;
  readonly weight: string;
  readonly value: tf.Tensor;
}

/**
 * A grouped convolution on `channels` channels as stock layers: for group i a slice of the channels `<name>_slice<i>` and
 * a convolution `<name>_group<i>`, i from 1, then a concatenation under the layer's own name.
 */
export function splitGroups(layer: StockLayer, channels: number): StockLayer[] {
  const { name, inbound_nodes, config } = layer;
  const { groups, filters, ...shared } = config as { groups: number; filters: number };
  const width = channels / groups;
  const parts = Array.from({ length: groups }, (_, group) => group + 1);
  const slices = parts.map((part) => ({
    class_name: 'Cropping2D',
    name: `${name}_slice${part}`,
    config: {
      name: `${name}_slice${part}`,
      trainable: true,
      cropping: [
        [0, 0],
        [(part - 1) * width, (groups - part) * width],
      ],
      // What this layer calls height and width are then the last two axes, of which the last is channels.
      data_format: 'channels_first',
    },
    inbound_nodes,
  }));
  const convolutions = parts.map((part) => ({
    class_name: 'Conv2D',
    name: `${name}_group${part}`,
    config: { ...shared, name: `${name}_group${part}`, filters: filters / groups },
    inbound_nodes: inbound_nodes.map((_, use) => [[`${name}_slice${part}`, use, 0, {}] as const]),
  }));
  const concatenation = {
    class_name: 'Concatenate',
    name,
    config: { name, trainable: true, axis: -1 },
    inbound_nodes: inbound_nodes.map((_, use) => parts.map((part) => [`${name}_group${part}`, use, 0, {}] as const)),
  };
  return [...slices, ...convolutions, concatenation] as unknown as StockLayer[];
}

/** A weight of a grouped convolution as those of the convolutions that `splitGroups` makes of it. */
export function splitWeight({ layer, weight, value }: LayerWeight, groups: number): LayerWeight[] {
  return tf.split(value, groups, value.rank - 1).map((part, group) => ({
    layer: `${layer}_group${group + 1}`,
    weight,
    value: part,
  }));
}
