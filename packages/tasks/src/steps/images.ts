import type { Batch } from '@selfsup/data/loader';
import { pixelTensor } from '@selfsup/engine/device-tensor';
import type { tf } from '@selfsup/engine/tensorflow';

/** The images of a batch on the device: float32 `[batch, height, width, channels]`, 0..255. */
export function imagesOf(batch: Batch): tf.Tensor4D {
  return pixelTensor(batch.images, batch.shape);
}

/** Pixels of one image, [height, width, channels], 0..255, and its class index. */
export interface TestImage {
  readonly pixels: Uint8Array;
  readonly label: number;
}

/** The first images of a split as they are measured, at most `count`. */
export async function firstImages(batches: AsyncIterable<Batch>, count: number): Promise<TestImage[]> {
  const images: TestImage[] = [];
  for await (const { images: pixels, labels } of batches) {
    const bytes = pixels.length / labels.length;
    labels.forEach((label, i) => {
      if (images.length < count) images.push({ pixels: pixels.slice(i * bytes, (i + 1) * bytes), label });
    });
    if (images.length >= count) break;
  }
  return images;
}
