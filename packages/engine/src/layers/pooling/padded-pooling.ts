import type { layers, Shape, SymbolicTensor, Tensor } from '@tensorflow/tfjs-node-gpu';
import { tf } from '../../platform.ts';
import { averagePool2d } from '../../ops/average-pool.ts';
import { maxPool2d } from '../../ops/max-pool.ts';
import { onlyInput, stockClass } from '../stock.ts';

/** One or several layers put one after another; `apply` adds them to a functional model. */
export interface LayerChain {
  /** `[batch, height, width, channels]` in, pooled out. */
  apply(input: SymbolicTensor): SymbolicTensor;
}

/** Settings of a pooling layer, for square windows. */
export interface PoolSettings {
  /** Name of the layer whose output is the pooled map. */
  readonly name: string;
  /** Side of the window in pixels. */
  readonly size: number;
  /** Distance between windows in pixels; default `size`. */
  readonly stride?: number;
  /** Pixels added on each side, as PyTorch's `padding`; at most half of `size`. Default 0. */
  readonly padding?: number;
}

/** Settings of a max pooling layer. */
export interface MaxPoolSettings extends PoolSettings {
  /**
   * Caffe's rounding (PyTorch's `ceil_mode`): a last window that reaches past the edge counts too, over the pixels that
   * there are. Default false.
   */
  readonly ceil?: boolean;
}

interface Window {
  readonly size: number;
  readonly stride: number;
  readonly padding: number;
  readonly ceil: boolean;
}

function windowOf({ name, size, stride = size, padding = 0, ceil = false }: MaxPoolSettings): Window {
  if (![size, stride].every((n) => Number.isInteger(n) && n >= 1) || !Number.isInteger(padding) || padding < 0) {
    throw new RangeError(`Pooling '${name}': size and stride must be integers of at least 1, padding of at least 0`);
  }
  if (2 * padding > size) throw new RangeError(`Pooling '${name}': padding ${padding} is over half of size ${size}`);
  return { size, stride, padding, ceil };
}

/** Windows along one side. With `ceil` none begins beyond the image, in its trailing padding. */
function windowsAlong(length: number, { size, stride, padding, ceil }: Window): number {
  const steps = (length + 2 * padding - size) / stride;
  if (!ceil) return Math.floor(steps) + 1;
  const windows = Math.ceil(steps) + 1;
  return (windows - 1) * stride < length + padding ? windows : windows - 1;
}

/**
 * Padding after the last pixel that some window reaches: less than `padding` where no window gets that far, more where
 * `ceil` lets one reach out.
 */
function trailing(length: number, window: Window): number {
  const reach = (windowsAlong(length, window) - 1) * window.stride + window.size - window.padding;
  return Math.max(0, reach - length);
}

/** Rows before and after, columns before and after. */
type Padding = [[number, number], [number, number]];

function padded(
  input: SymbolicTensor,
  name: string,
  window: Window,
  padLayer: (settings: { name: string; padding: Padding }) => layers.Layer,
): SymbolicTensor {
  const [, height, width] = input.shape;
  if (window.ceil && (height == null || width == null)) {
    throw new RangeError(`Pooling '${name}': ceil needs an image of known height and width`);
  }
  const around = (length: number | null | undefined): [number, number] => [
    window.padding,
    length == null ? window.padding : trailing(length, window),
  ];
  const padding: Padding = [around(height), around(width)];
  if (padding.flat().every((pixels) => pixels === 0)) return input;
  const layer = padLayer({ name: `${name}_pad`, padding });
  return layer.apply(input) as SymbolicTensor;
}

const zeroPadding = (settings: { name: string; padding: Padding }) => tf.layers.zeroPadding2d(settings);

/** Whether a layer's output is known not to be negative, so that zeros never win a maximum over it. */
function isNotNegative(layer: layers.Layer): boolean {
  return layer.getClassName() === 'ReLU' || ['relu', 'sigmoid'].includes(String(layer.getConfig().activation));
}

/** Pads height and width with -∞, which no maximum takes. Stock tfjs has no such layer. */
class NeverPadding2D extends tf.layers.Layer {
  static readonly className = 'NeverPadding2D';
  readonly #padding: Padding;

  constructor(settings: { name: string; padding: Padding }) {
    super({ name: settings.name });
    this.#padding = settings.padding;
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    const [batch, height, width, channels] = inputShape as Shape;
    const [rows, columns] = this.#padding;
    const grown = (length: number | null, [before, after]: [number, number]) =>
      length === null ? null : length + before + after;
    return [batch!, grown(height!, rows), grown(width!, columns), channels!];
  }

  override call(inputs: Tensor | Tensor[]): Tensor {
    return tf.pad(onlyInput(inputs), [[0, 0], ...this.#padding, [0, 0]], -Infinity);
  }

  override getConfig() {
    return { ...super.getConfig(), padding: this.#padding };
  }
}

const neverPadding = (settings: { name: string; padding: Padding }) => new NeverPadding2D(settings);

interface StockPooling2D extends layers.Layer {
  readonly poolSize: [number, number];
  readonly strides: [number, number];
  readonly padding: 'same' | 'valid';
}

type StockSettings = Parameters<typeof tf.layers.maxPooling2d>[0];
const stock = { name: 'stock', poolSize: 1 };

/** tfjs's MaxPooling2D, keeping less for the gradient. */
class LeanMaxPooling2D extends stockClass<StockPooling2D, StockSettings>(tf.layers.maxPooling2d(stock)) {
  static readonly className = 'MaxPooling2D';

  override call(inputs: Tensor | Tensor[]): Tensor {
    const { poolSize: filterSize, strides, padding: pad } = this;
    return tf.tidy(() => maxPool2d(onlyInput(inputs), { filterSize, strides, pad }));
  }
}

/** tfjs's AveragePooling2D, keeping nothing for the gradient. */
class LeanAveragePooling2D extends stockClass<StockPooling2D, StockSettings>(tf.layers.averagePooling2d(stock)) {
  static readonly className = 'AveragePooling2D';

  override call(inputs: Tensor | Tensor[]): Tensor {
    const { poolSize: filterSize, strides, padding: pad } = this;
    return tf.tidy(() => averagePool2d(onlyInput(inputs), { filterSize, strides, pad }));
  }
}

/**
 * Max pooling as PyTorch's `MaxPool2d`: padding on both sides that never wins, floor mode unless `ceil`. After a ReLU, where
 * zeros never win either, it is tfjs's ZeroPadding2D and MaxPooling2D, which export; elsewhere the padding is a layer
 * of ours, which does not.
 */
export function maxPool(settings: MaxPoolSettings): LayerChain {
  const window = windowOf(settings);
  const { name } = settings;
  return {
    apply(input) {
      const pads = isNotNegative(input.sourceLayer) ? zeroPadding : neverPadding;
      const pool = new LeanMaxPooling2D({ name, poolSize: window.size, strides: window.stride, padding: 'valid' });
      return pool.apply(padded(input, name, window, pads)) as SymbolicTensor;
    },
  };
}

/**
 * Average pooling as PyTorch's `AvgPool2d` by default: padded zeros count in the mean, floor mode. Made of
 * tfjs's ZeroPadding2D and AveragePooling2D.
 */
export function averagePool(settings: PoolSettings): LayerChain {
  const window = windowOf(settings);
  const { name } = settings;
  return {
    apply(input) {
      const { size, stride } = window;
      const pool = new LeanAveragePooling2D({ name, poolSize: size, strides: stride, padding: 'valid' });
      return pool.apply(padded(input, name, window, zeroPadding)) as SymbolicTensor;
    },
  };
}
