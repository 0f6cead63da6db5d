import type { Tensor, Tensor4D } from '@tensorflow/tfjs-node-gpu';
import { int, type, type KernelAttributes } from '../attributes.ts';
import { defineOp, kernel, onceOnCpu, tf } from '../platform.ts';

/** As tfjs's pooling ops take them. */
export interface StockAttributes {
  readonly filterSize: number | [number, number];
  readonly strides: number | [number, number];
  readonly pad: 'same' | 'valid';
}

const pair = (value: number | readonly [number, number]) => (typeof value === 'number' ? [value, value] : value);

export function attributesOf({ filterSize, strides, pad }: StockAttributes): KernelAttributes {
  return {
    T: type('float32'),
    ksize: int([1, ...pair(filterSize), 1]),
    strides: int([1, ...pair(strides), 1]),
    padding: pad.toUpperCase(),
    data_format: 'NHWC',
  };
}

/**
 * oneDNN remembers where each maximum was, and is ten times as fast on the way back as TensorFlow's own op, which
 * searches again on one thread. TensorFlow registers it under a private name and label.
 */
const labelled = (attributes: KernelAttributes): KernelAttributes => ({
  ...attributes,
  workspace_enabled: true,
  _kernel: 'MklNameChangeOp',
});

/** The maxima and where they were. */
export function oneDnnPool(x: Tensor, attributes: KernelAttributes): Tensor[] {
  return kernel('_MklNativeMaxPool', labelled(attributes), [x], 2);
}

/** Of the image that was pooled the op reads the shape alone, so it is given one that was never written. */
export function oneDnnGradient(
  shape: readonly number[],
  dy: Tensor,
  pooled: readonly Tensor[],
  attributes: KernelAttributes,
) {
  const [y, places] = pooled;
  const [image] = kernel('Empty', { dtype: type('float32'), init: false }, [tf.tensor1d([...shape], 'int32')]);
  return kernel('_MklNativeMaxPoolGrad', labelled(attributes), [image!, y!, dy, places!])[0]!;
}

/** Whether the library on this machine has that op, and it does what its name says. */
export const oneDnnServes = onceOnCpu(() => {
  const attributes = attributesOf({ filterSize: 2, strides: 2, pad: 'valid' });
  const pooled = oneDnnPool(tf.tensor4d([1, 4, 3, 2], [1, 2, 2, 1]), attributes);
  return String(oneDnnGradient([1, 2, 2, 1], tf.ones([1, 1, 1, 1]), pooled, attributes).dataSync()) === '0,1,0,0';
});

const pool = defineOp<StockAttributes & { readonly shape: readonly number[] }>({
  name: 'SelfsupMaxPool',
  forward: ({ x }, attributes) => oneDnnPool(x!, attributesOf(attributes)),
  saveOutputs: [true, true],
  backward: (dy, pooled, attributes) => ({
    x: () => oneDnnGradient(attributes.shape, dy, pooled, attributesOf(attributes)),
  }),
});

/**
 * Max pooling of `[batch, height, width, channels]` as `tf.maxPool`, which keeps the image for its gradient and pools it a
 * second time; this keeps where the maxima were. Differentiable.
 */
export function maxPool2d(x: Tensor, attributes: StockAttributes): Tensor {
  const { filterSize, strides, pad } = attributes;
  if (oneDnnServes()) return pool({ x }, { filterSize, strides, pad, shape: x.shape })[0]!;
  return tf.maxPool(x as Tensor4D, filterSize, strides, pad);
}
