import type { Batch } from './batch-maker.ts';

/** A batch cut into equal parts one after another, which share its memory. Throws `RangeError` where it cannot be cut so. */
export function cutBatch({ images, shape, views, labels, indices, first }: Batch, parts: number): Batch[] {
  const [count, height, width, channels] = shape;
  const each = labels.length / parts;
  if (!Number.isInteger(each)) throw new RangeError(`A batch of ${labels.length} cannot be cut into ${parts} parts`);
  const bytes = each * views * height * width * channels;
  return Array.from({ length: parts }, (_, part) => ({
    images: images.subarray(part * bytes, (part + 1) * bytes),
    shape: [count / parts, height, width, channels] as const,
    views,
    labels: labels.subarray(part * each, (part + 1) * each),
    indices: indices.subarray(part * each, (part + 1) * each),
    first: first + part * each,
  }));
}
