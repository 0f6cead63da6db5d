import { tf } from '@selfsup/engine/tensorflow';

/** Below any deviation that whole numbers of 0..255 can have without being all the same. */
const FLAT = 1e-3;

/**
 * Takes each tile's own mean from it and divides by its own standard deviation, channel by channel (Noroozi & Favaro
 * 2016, §4.1): no tile gives its place away by its brightness. A channel without variation becomes 0.
 *
 * @param tiles float32 [tiles, side, side, channels] of whole numbers
 */
export function normaliseEachTile(tiles: tf.Tensor4D): tf.Tensor4D {
  const [count, height, width, channels] = tiles.shape;
  return tf.tidy(() => {
    // Means over whole rows first, and rows at a time afterwards: TensorFlow is slow where the innermost axis is short.
    const rows = tiles.reshape([count, height, width * channels]);
    const meanOf = (x: tf.Tensor): tf.Tensor => x.mean(1).reshape([count, width, channels]).mean(1);
    const spread = (values: tf.Tensor): tf.Tensor =>
      tf.tile(values.reshape([count, 1, channels]), [1, 1, width]).reshape([count, 1, width * channels]);
    const centred = rows.sub(spread(meanOf(rows)));
    const deviation = meanOf(centred.square()).sqrt();
    const scale = tf.where(deviation.greater(FLAT), deviation.reciprocal(), tf.zerosLike(deviation));
    return centred.mul(spread(scale)).reshape(tiles.shape);
  });
}
