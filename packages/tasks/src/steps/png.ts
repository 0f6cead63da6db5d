import type { tf } from '@selfsup/engine/tensorflow';
import { encodePng } from '@selfsup/report/images';

/** Whole numbers 0..255, `[height, width, 1 or 3]`, as a PNG file. Disposes the tensor. */
export function pngOf(pixels: tf.Tensor3D): Uint8Array {
  const [height, width, channels] = pixels.shape;
  const bytes = Uint8Array.from(pixels.dataSync());
  pixels.dispose();
  return encodePng(bytes, height, width, channels === 1 ? 1 : 3);
}

/** The one image of a batch `[1, height, width, channels]` of values about 0..255, as whole numbers of that range. */
export function drawable(images: tf.Tensor4D): tf.Tensor3D {
  return images.clipByValue(0, 255).round().toInt().squeeze([0]);
}
