import type { layers, Shape, Tensor } from '@tensorflow/tfjs-node-gpu';
import { tf } from '../platform.ts';
import { convolveGroups2d } from '../ops/grouped-convolution.ts';
import { conv2d, type Conv2dSettings } from './convolution.ts';
import { finish, onlyInput, stockClass, type ActivatedLayer } from './stock.ts';

/** Settings of tfjs's Conv2D, channels last and without dilation, and the number of groups. */
export type GroupedConv2dSettings = Omit<Conv2dSettings, 'dataFormat' | 'dilationRate'> & { readonly groups: number };

interface StockConv2D extends ActivatedLayer {
  readonly filters: number;
  readonly strides: [number, number];
  readonly padding: 'same' | 'valid';
}

const Stock = stockClass<StockConv2D, Conv2dSettings>(tf.layers.conv2d({ name: 'stock', filters: 1, kernelSize: 1 }));

/** Stock tfjs has no such layer; the export writes it as slices, convolutions and a concatenation. */
class GroupedConv2D extends Stock {
  static readonly className = 'GroupedConv2D';
  readonly #groups: number;

  constructor({ groups, ...settings }: GroupedConv2dSettings) {
    super(settings);
    this.#groups = groups;
  }

  override build(inputShape: Shape | Shape[]): void {
    const shape = inputShape as Shape;
    const channels = shape.at(-1)!;
    if (channels % this.#groups !== 0 || this.filters % this.#groups !== 0) {
      throw new RangeError(
        `Convolution '${this.name}': ${this.#groups} groups do not divide ${channels} channels and ${this.filters} filters`,
      );
    }
    super.build([...shape.slice(0, -1), channels / this.#groups]);
    this.inputSpec = [{ ndim: 4, axes: { 3: channels } }];
  }

  override call(inputs: Tensor | Tensor[]): Tensor {
    const { strides, padding } = this;
    return tf.tidy(() =>
      finish(this, convolveGroups2d(onlyInput(inputs), this.kernel.read(), this.#groups, { strides, padding })),
    );
  }

  override getConfig() {
    return { ...super.getConfig(), groups: this.#groups };
  }
}

/**
 * Convolution in `groups` runs of channels that do not see each other (Krizhevsky et al. 2012, there to split the network
 * over two GPUs). Weights: `kernel` `[rows, columns, in / groups, out]`, `bias`. With one group it is `conv2d`.
 * Throws `RangeError` when built on channels that the groups do not divide.
 */
export function groupedConv2d(settings: GroupedConv2dSettings): layers.Layer {
  const { groups, ...stock } = settings;
  return groups === 1 ? conv2d(stock) : new GroupedConv2D(settings);
}
