import { readPickle } from '../pickle.ts';
import type { CifarBatch } from './batches.ts';
import type { CifarKind } from './kind.ts';

const imageBytes = 3 * 32 * 32;

/**
 * Reads a file of the Python version: a pickled dictionary of `data` [images, 3072] and a list of labels. Throws
 * `Error` where it is something else, or has another number of labels than images.
 */
export function readPythonBatch(content: Buffer, name: string, { labelKey }: CifarKind): CifarBatch {
  const batch = readPickle(content);
  if (!(batch instanceof Map)) throw new Error(`${name} holds no dictionary`);
  const data = batch.get('data') as { shape?: readonly number[]; bytes?: Uint8Array } | undefined;
  const labels = batch.get(labelKey) as unknown;
  if (data?.shape?.length !== 2 || data.shape[1] !== imageBytes || data.bytes === undefined) {
    throw new Error(`${name} holds no array "data" of ${imageBytes} bytes an image`);
  }
  const [count = 0] = data.shape;
  if (!Array.isArray(labels) || labels.length !== count) {
    const found = Array.isArray(labels) ? labels.length : 'no';
    throw new Error(`${name} has ${found} "${labelKey}" for ${count} images`);
  }
  const odd = labels.findIndex((label) => typeof label !== 'number');
  if (odd >= 0) throw new Error(`${name} has no number for the label of image ${odd}`);
  const offsets = Array.from({ length: count }, (_, i) => i * imageBytes);
  return { bytes: data.bytes, offsets, labels: labels as number[] };
}
