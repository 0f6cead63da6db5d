import { basename } from 'node:path';
import { UserError } from '@selfsup/kit/errors';
import { openFileTree } from '../../files/file-tree.ts';
import type { SourceEntry, SourceImage, SourceReading } from '../../source.ts';
import { cifarImage, interleaved, type CifarArchive, type CifarKind } from './kind.ts';

/** One batch file, read: where each image's planes begin, and its label. */
export interface CifarBatch {
  readonly bytes: Uint8Array;
  readonly offsets: readonly number[];
  readonly labels: readonly number[];
}

/** Whether a path is that of one of the batches of an official archive. */
export function isBatchOf(archive: CifarArchive): (path: string) => boolean {
  const names = new Set(archive.batches.map(([name]) => name));
  // `train` and `test` of CIFAR-100 are common names: they count only where no folder or the official one is around.
  return (path) => {
    const parts = path.split('/');
    return names.has(parts.at(-1)!) && (parts.length === 1 || parts.at(-2) === archive.folder);
  };
}

/**
 * Opens the batches of an official archive, packed or extracted. All of it is held in memory (184 MB). Images keep the
 * order of the files. Throws `UserError` where a file is missing, or a label is no class.
 */
export async function openBatches(
  path: string,
  archive: CifarArchive,
  kind: CifarKind,
  read: (content: Buffer, name: string) => CifarBatch,
): Promise<SourceReading> {
  const { classes } = kind;
  const remedy = `Fetch ${archive.name} again and compare its checksum.`;
  const tree = await openFileTree(path, isBatchOf(archive));
  const contents = new Map<string, Buffer>();
  for await (const { path: name, content } of tree.read(() => true)) contents.set(basename(name), content);
  const entries: SourceEntry[] = [];
  const places: { bytes: Uint8Array; offset: number }[] = [];
  for (const [name, split] of archive.batches) {
    const content = contents.get(name);
    if (content === undefined) throw new UserError(`${name} is missing`, { file: path, field: name, remedy });
    let batch: CifarBatch;
    try {
      batch = read(content, name);
    } catch (cause) {
      throw new UserError((cause as Error).message, { file: path, field: name, remedy, cause });
    }
    const { bytes, offsets, labels } = batch;
    labels.forEach((label, i) => {
      if (label < 0 || label >= classes.length || !Number.isInteger(label)) {
        throw new UserError(`Image ${i} of ${name} has the label ${label}, above ${classes.length - 1}`, {
          file: path,
          field: name,
          remedy,
        });
      }
      entries.push({ split, label, path: `${name}#${i}` });
      places.push({ bytes, offset: offsets[i]! });
    });
  }
  async function* images(wanted: (entry: number) => boolean): AsyncGenerator<SourceImage> {
    for (const [entry, { bytes, offset }] of places.entries()) {
      if (wanted(entry)) yield { entry, pixels: interleaved(bytes, offset), ...cifarImage };
    }
  }
  return { classes, image: cifarImage, entries, images, warnings: tree.warnings };
}
