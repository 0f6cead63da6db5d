import type { Tensor } from '@tensorflow/tfjs-node-gpu';
import { kernel, type } from '../kernel.ts';
import { tf } from '../tensorflow.ts';

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

const bytesAtOnce = 4;

/**
 * Bytes as a float32 tensor on the device, 0..255. They are handed over as they are, four to an integer, and widened
 * there: a fifth of the time that a Float32Array takes. The bytes may lie in shared memory, and be overwritten or moved
 * elsewhere when this returns.
 *
 * @param shape its product is the number of bytes (else `Error`)
 */
export function pixelTensor(bytes: Uint8Array, shape: readonly [number, number, number, number]): tf.Tensor4D {
  const size = shape.reduce((product, length) => product * length, 1);
  if (size !== bytes.length) throw new Error(`${bytes.length} bytes for the shape ${shape.join(' × ')}`);
  if (bytes.length % bytesAtOnce !== 0 || bytes.byteOffset % bytesAtOnce !== 0) {
    return tf.tensor4d(new Float32Array(bytes), [...shape], 'float32');
  }
  return tf.tidy(() => {
    const whole = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / bytesAtOnce);
    const packed = tf.tensor1d(whole, 'int32');
    const [unpacked] = kernel('Bitcast', { T: type('int32'), type: type('uint8') }, [packed]);
    const [wide] = kernel('Cast', { SrcT: type('uint8'), DstT: type('float32'), Truncate: false }, [unpacked!]);
    return wide!.reshape([...shape]) as tf.Tensor4D;
  });
}
