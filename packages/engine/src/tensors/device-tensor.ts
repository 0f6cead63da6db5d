import type { Tensor } from '@tensorflow/tfjs-node-gpu';
import { kernel, type } from '../kernel.ts';
import { tf } from '../ops/library.ts';

/**
 * A tensor of these values that has its own copy of them: the caller may write over `values` at once, whereas
 * `tf.tensor` holds on to them, to some for as long as it lives. Throws what `tf.tensor` throws for a shape that does
 * not fit.
 */
export function copiedToDevice(values: Float32Array, shape: number[]): Tensor {
  // TensorFlow takes an array whose memory happens to be aligned as it is, without a copy.
  const shared = tf.tensor(values, shape);
  const [copy] = kernel('DeepCopy', { T: type('float32') }, [shared]);
  shared.dispose();
  return copy!;
}
