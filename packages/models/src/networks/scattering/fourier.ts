import { kernel, type } from '@selfsup/engine/platform';
import { tf } from '@selfsup/engine/tensorflow';

// Ops on complex64 tensors, which tfjs itself does not offer on TensorFlow. None has a gradient.

/** Real values as complex ones. */
export function complex(real: tf.Tensor, imaginary: tf.Tensor = tf.zerosLike(real)): tf.Tensor {
  return kernel('Complex', { T: type('float32'), Tout: type('complex64') }, [real, imaginary])[0]!;
}

export function realPart(x: tf.Tensor): tf.Tensor {
  return kernel('Real', { T: type('complex64'), Tout: type('float32') }, [x])[0]!;
}

/** Absolute value, as real values. */
export function modulus(x: tf.Tensor): tf.Tensor {
  return kernel('ComplexAbs', { T: type('complex64'), Tout: type('float32') }, [x])[0]!;
}

/** Fourier transform over the last two axes. */
export function fft2d(x: tf.Tensor): tf.Tensor {
  return kernel('FFT2D', { Tcomplex: type('complex64') }, [x])[0]!;
}

/** Inverse Fourier transform over the last two axes. */
export function inverseFft2d(x: tf.Tensor): tf.Tensor {
  return kernel('IFFT2D', { Tcomplex: type('complex64') }, [x])[0]!;
}

/** Product of complex values, broadcast. */
export function multiply(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  return kernel('Mul', { T: type('complex64') }, [a, b])[0]!;
}

/**
 * Fourier transform of the signal that is left when of each side only every `factor`-th value is taken: the mean over the
 * parts that fall on each other. Last two axes.
 */
export function subsampleFourier(x: tf.Tensor, factor: number): tf.Tensor {
  if (factor === 1) return x;
  const [height, width] = x.shape.slice(-2) as [number, number];
  const parts = reshape(x, [-1, factor, height / factor, factor, width / factor]);
  const axes = tf.tensor1d([1, 3], 'int32');
  const attributes = { T: type('complex64'), Tidx: type('int32'), keep_dims: false } as const;
  const folded = kernel('Mean', attributes, [parts, axes])[0]!;
  return reshape(folded, [...x.shape.slice(0, -2), height / factor, width / factor]);
}

/** The same values in another shape. */
export function reshape(x: tf.Tensor, shape: readonly number[]): tf.Tensor {
  const attributes = { T: type('complex64'), Tshape: type('int32') } as const;
  return kernel('Reshape', attributes, [x, tf.tensor1d([...shape], 'int32')])[0]!;
}
