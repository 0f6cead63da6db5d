import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { UserError } from '@selfsup/engine/errors';
import { readTar } from '../archive.ts';
import type { SourceEntry, SourceImage, SourceReading } from '../source.ts';

const side = 32;
const plane = side * side;
/** One label byte, then the red, the green and the blue plane. */
const recordBytes = 1 + 3 * plane;

const fileNames = /^(data_batch_[1-5]|test_batch)\.bin$/;

/** Whether a file name is one of the binary version's. */
export function isBinaryBatch(name: string): boolean {
  return fileNames.test(basename(name));
}

async function readBatches(path: string, isArchive: boolean): Promise<Map<string, Buffer>> {
  const batches = new Map<string, Buffer>();
  if (isArchive) {
    for await (const file of readTar(path)) {
      if (isBinaryBatch(file.path)) batches.set(basename(file.path), await file.content());
    }
  } else {
    for (const name of (await readdir(path)).filter(isBinaryBatch)) batches.set(name, await readFile(join(path, name)));
  }
  return batches;
}

/** Interleaves the planes of one record: [3, 32, 32] to [32, 32, 3]. */
function interleaved(batch: Buffer, record: number): Uint8Array {
  const at = record * recordBytes + 1;
  const pixels = new Uint8Array(3 * plane);
  for (let i = 0; i < plane; i++) {
    pixels[3 * i] = batch[at + i]!;
    pixels[3 * i + 1] = batch[at + plane + i]!;
    pixels[3 * i + 2] = batch[at + 2 * plane + i]!;
  }
  return pixels;
}

/**
 * Opens CIFAR-10's binary version: the official archive, or the folder with the extracted .bin files. All of it is
 * held in memory (184 MB). Images keep the order of the files.
 * Format: https://www.cs.toronto.edu/~kriz/cifar.html. Throws `UserError` where a file is missing, cut, or holds a
 * label that is no class.
 */
export async function openBinary(path: string, isArchive: boolean, classes: readonly string[]): Promise<SourceReading> {
  const batches = await readBatches(path, isArchive);
  const expected = ['data_batch_1', 'data_batch_2', 'data_batch_3', 'data_batch_4', 'data_batch_5', 'test_batch'];
  const remedy = 'Fetch cifar-10-binary.tar.gz again and compare its checksum.';
  const entries: SourceEntry[] = [];
  const places: { batch: Buffer; record: number }[] = [];
  for (const name of expected.map((stem) => `${stem}.bin`)) {
    const batch = batches.get(name);
    if (batch === undefined) throw new UserError(`${name} is missing`, { file: path, field: name, remedy });
    if (batch.length === 0 || batch.length % recordBytes !== 0) {
      throw new UserError(`${name} is cut off: ${batch.length} bytes are not a multiple of ${recordBytes}`, {
        file: path,
        field: name,
        remedy,
      });
    }
    for (let record = 0; record * recordBytes < batch.length; record++) {
      const label = batch[record * recordBytes]!;
      if (label >= classes.length) {
        throw new UserError(`Image ${record} of ${name} has the label ${label}, above ${classes.length - 1}`, {
          file: path,
          field: name,
          remedy,
        });
      }
      entries.push({ split: name === 'test_batch.bin' ? 'test' : 'train', label, path: `${name}#${record}` });
      places.push({ batch, record });
    }
  }
  async function* images(wanted: (entry: number) => boolean): AsyncGenerator<SourceImage> {
    for (const [entry, { batch, record }] of places.entries()) {
      if (wanted(entry)) yield { entry, pixels: interleaved(batch, record), height: side, width: side, channels: 3 };
    }
  }
  return { classes, image: { height: side, width: side, channels: 3 }, entries, images };
}
