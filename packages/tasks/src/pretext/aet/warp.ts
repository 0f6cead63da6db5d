import { kernel, type } from '@selfsup/engine/kernel';
import { tf } from '@selfsup/engine/tensorflow';

/** Grey of what lies outside the original image, of 0..255, as the released code fills it. */
const FILL = 128;

/**
 * Images `[batch, height, width, channels]` of 0..255, each transformed on the device by its own map from pixels of the
 * result to pixels of the original: `coefficients` are six (affine) or eight (projective) numbers an image, as
 * `affineCoefficients` and `projectiveCoefficients` give them. Bilinear as Pillow does it: pixel centres at halves, the
 * outermost pixels reaching out to the border, and (128, 128, 128) where the map leads outside. Pillow cuts its result
 * off to bytes, we do not.
 */
export function warp(images: tf.Tensor4D, coefficients: readonly (readonly number[])[]): tf.Tensor4D {
  const [batch, height, width] = images.shape;
  if (coefficients.length !== batch) throw new Error(`${coefficients.length} transformations of ${batch} images`);
  return tf.tidy(() => {
    const maps = tf.tensor2d(Float32Array.from(coefficients.flatMap(betweenIndices)), [batch, 8]);
    const size = tf.tensor1d([height, width], 'int32');
    const transform = (input: tf.Tensor4D, interpolation: string, fillMode: string): tf.Tensor4D => {
      const attributes = { dtype: type('float32'), interpolation, fill_mode: fillMode };
      const inputs = [input, maps, size, tf.scalar(0)];
      return kernel('ImageProjectiveTransformV3', attributes, inputs)[0] as tf.Tensor4D;
    };
    // TensorFlow's constant fill blends into the image over half a pixel; Pillow's does not. So the image is extended by
    // its border, and what lies outside is found by the nearest pixel of an image of ones.
    const extended = transform(images, 'BILINEAR', 'NEAREST');
    const inside = transform(tf.ones([batch, height, width, 1]), 'NEAREST', 'CONSTANT');
    return extended.sub(FILL).mul(inside).add<tf.Tensor4D>(FILL);
  });
}

/** The same map between pixel indices, whose centres are whole, with 1 as its last entry. */
function betweenIndices(coefficients: readonly number[]): number[] {
  const [a, b, c, d, e, f, g = 0, h = 0] = coefficients as [number, number, number, number, number, number];
  const half = (x: number, y: number): number => (x + y) / 2;
  const w = half(g, h) + 1;
  const row = (x: number, y: number, shift: number): number[] => [
    x - g / 2,
    y - h / 2,
    half(x, y) + shift - half(g, h) / 2 - 0.5,
  ];
  return [...row(a, b, c), ...row(d, e, f), g, h].map((value) => value / w);
}
