import type { Tensor } from '@tensorflow/tfjs-node-gpu';
import { int, type } from '../attributes.ts';
import { defineOp, kernel, tf } from '../platform.ts';

interface AveragePoolAttributes {
  readonly filterSize: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly pad: 'same' | 'valid';
}

function attributesOf({ filterSize, strides, pad }: AveragePoolAttributes) {
  return {
    T: type('float32'),
    ksize: int([1, ...filterSize, 1]),
    strides: int([1, ...strides, 1]),
    padding: pad.toUpperCase(),
    data_format: 'NHWC',
  };
}

const pool = defineOp<AveragePoolAttributes & { readonly shape: readonly number[] }>({
  name: 'SelfsupAveragePool',
  forward: ({ x }, attributes) => kernel('AvgPool', attributesOf(attributes), [x!]),
  backward: (dy, _saved, attributes) => ({
    x: () => kernel('AvgPoolGrad', attributesOf(attributes), [tf.tensor1d([...attributes.shape], 'int32'), dy])[0]!,
  }),
});

/**
 * Average pooling of `[batch, height, width, channels]` as `tf.avgPool`, which keeps the image for its gradient, though only
 * the shape is needed. Differentiable.
 */
export function averagePool2d(x: Tensor, attributes: AveragePoolAttributes): Tensor {
  const { filterSize, strides, pad } = attributes;
  return pool({ x }, { filterSize, strides, pad, shape: x.shape })[0]!;
}
