import type { Tensor, Tensor4D } from '@tensorflow/tfjs-node-gpu';
import { onceOnCpu, tf } from '../platform.ts';
import { convolve2d, type ConvolutionAttributes } from './convolution.ts';

/** Each group by itself: works everywhere. */
export function convolveParts(x: Tensor, filter: Tensor, groups: number, attributes: ConvolutionAttributes): Tensor4D {
  const inputs = tf.split(x, groups, 3);
  const filters = tf.split(filter, groups, 3);
  return tf.concat(
    inputs.map((part, group) => convolve2d(part, filters[group]!, attributes)),
    3,
  ) as Tensor4D;
}

/**
 * Whether TensorFlow's ops take a filter with fewer channels than the image, gradients included: with oneDNN they do,
 * and save the copies of split and concat (5 to 8 % of the time); without it they refuse.
 */
const groupsServe = onceOnCpu(() => {
  const x = tf.tensor4d([1, 2, 3, 4], [1, 1, 1, 4]);
  const filter = tf.tensor4d([1, 3, 2, 4], [1, 1, 2, 2]);
  const attributes: ConvolutionAttributes = { strides: [1, 1], padding: 'valid' };
  const output = convolve2d(x, filter, attributes);
  const gradients = tf.grads((x, filter) => convolve2d(x!, filter!, attributes))([x, filter]);
  const answers = [output, ...gradients].map((tensor) => String(tensor.dataSync()));
  return answers.join(' ') === '5,25 1,2,3,4 1,3,2,4';
});

/**
 * Grouped convolution (Krizhevsky et al. 2012): channels of `x` `[batch, height, width, in]` and of the output fall into
 * `groups` equal runs, and run i of the output sees only run i of the input. `filter` is
 * `[rows, columns, in / groups, out]`, the groups' filters one after another, as Caffe and PyTorch have them.
 * Differentiable in both. Throws `RangeError` when `groups` does not divide the channels.
 */
export function convolveGroups2d(
  x: Tensor,
  filter: Tensor,
  groups: number,
  attributes: ConvolutionAttributes,
): Tensor4D {
  const [channels, filters] = [x.shape[3]!, filter.shape[3]!];
  if (channels % groups !== 0 || filters % groups !== 0 || filter.shape[2] !== channels / groups) {
    throw new RangeError(
      `${groups} groups do not fit ${channels} channels and a filter of shape [${filter.shape.join(', ')}]`,
    );
  }
  if (groups === 1 || groupsServe()) return convolve2d(x, filter, attributes);
  return convolveParts(x, filter, groups, attributes);
}
