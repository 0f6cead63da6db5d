import { tf } from '@selfsup/engine/tensorflow';

/** Pixels `[height, width, 1, 3 or 4]` of 0..255 as a PNG file. Disposes the tensor. */
export async function encodePng(pixels: tf.Tensor3D): Promise<Uint8Array> {
  try {
    return await tf.node.encodePng(pixels, 9);
  } finally {
    pixels.dispose();
  }
}

/** The one image of a batch `[1, height, width, channels]` of values about 0..255, as whole numbers of that range. */
export function drawable(images: tf.Tensor4D): tf.Tensor3D {
  return images.clipByValue(0, 255).round().toInt().squeeze([0]);
}
