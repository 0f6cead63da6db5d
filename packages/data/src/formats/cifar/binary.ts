import type { CifarBatch } from './batches.ts';
import type { CifarKind } from './kind.ts';

/**
 * Reads a file of the binary version: one record an image, of its label byte (CIFAR-100: coarse, then fine) and the
 * red, green and blue plane. Throws `Error` where it is cut.
 */
export function readBinaryBatch(content: Buffer, name: string, { labelBytes, labelAt }: CifarKind): CifarBatch {
  const recordBytes = labelBytes + 3 * 32 * 32;
  if (content.length === 0 || content.length % recordBytes !== 0) {
    throw new Error(`${name} is cut off: ${content.length} bytes are not a multiple of ${recordBytes}`);
  }
  const records = Array.from({ length: content.length / recordBytes }, (_, record) => record * recordBytes);
  return {
    bytes: content,
    offsets: records.map((at) => at + labelBytes),
    labels: records.map((at) => content[at + labelAt]!),
  };
}
