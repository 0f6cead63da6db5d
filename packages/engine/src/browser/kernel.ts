import type { Tensor, Tensor4D } from '@tensorflow/tfjs-node-gpu';
import type { KernelAttribute, KernelAttributes } from '../attributes.ts';
import type * as Native from '../platform.ts';
import { tf } from './library.ts';

type Op = (inputs: readonly Tensor[], attributes: KernelAttributes) => Tensor[];

/** The ops of TensorFlow that inference of our layers asks for, by what tfjs has in any backend. */
const ops: Readonly<Record<string, Op>> = {
  AvgPool([x], { ksize, strides, padding }) {
    const [, height, width] = numbers(ksize);
    const [, down, across] = numbers(strides);
    const pad = padding === 'SAME' ? 'same' : 'valid';
    return [tf.avgPool(x as Tensor4D, [height!, width!], [down!, across!], pad)];
  },

  Conv2D([x, filter], { strides, padding }) {
    const [, rows, columns] = numbers(strides);
    const pad = padding === 'SAME' ? 'same' : 'valid';
    return [tf.conv2d(x as Tensor4D, filter as Tensor4D, [rows!, columns!], pad)];
  },

  FusedBatchNormV3([x, scale, offset, mean, variance], { epsilon, is_training: training }) {
    if (training === true) throw new Error('A page trains nothing: batch norm uses its moving averages there');
    const y = tf.batchNorm(x!, mean as never, variance as never, offset as never, scale as never, numbers(epsilon)[0]);
    return [y, mean!, variance!];
  },

  MatrixBandPart([matrix, below, above]) {
    const [rows, columns] = matrix!.shape as [number, number];
    const [down, up] = [below!, above!].map((reach) => reach.dataSync()[0]!);
    const band = Float32Array.from({ length: rows * columns }, (_, i) => {
      const ahead = (i % columns) - Math.floor(i / columns);
      return ahead <= up! && -ahead <= down! ? 1 : 0;
    });
    return [matrix!.mul(tf.tensor2d(band, [rows, columns]))];
  },
};

function numbers(attribute: KernelAttribute | undefined): readonly number[] {
  if (typeof attribute !== 'object' || (attribute.kind !== 'int' && attribute.kind !== 'float')) return [];
  return [attribute.value].flat();
}

/** In a page: runs one of `ops` above. Throws `Error` for any other, which then wants writing there. */
export const kernel: typeof Native.kernel = (name, attributes, inputs) => {
  const op = ops[name];
  if (op === undefined) throw new Error(`Nothing stands in for TensorFlow's op ${name} in a page`);
  return op(inputs as Tensor[], attributes);
};
