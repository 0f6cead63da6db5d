import { tf } from '@selfsup/engine/tensorflow';

/**
 * Rotates images `[batch, height, width, channels]` by `quarterTurns` · 90° counter-clockwise, without
 * interpolation: 90° is a transpose, then a flip up-down. Height and width change places at odd
 * numbers of turns.
 */
export function rotate(images: tf.Tensor4D, quarterTurns: number): tf.Tensor4D {
  const turns = ((quarterTurns % 4) + 4) % 4;
  return tf.tidy(() => {
    if (turns === 0) return images.clone();
    if (turns === 1) return images.transpose<tf.Tensor4D>([0, 2, 1, 3]).reverse(1);
    if (turns === 2) return images.reverse([1, 2]);
    return images.reverse(1).transpose<tf.Tensor4D>([0, 2, 1, 3]);
  });
}
