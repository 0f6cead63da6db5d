import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '@selfsup/kit/errors';
import { sha256 } from '@selfsup/kit/files';
import { fileDigest, type DigestMemory } from '../files/fingerprint.ts';
import type { FoundSource, SourceEntry, SourceImage, SourceReading } from '../source.ts';
import { readIdx } from './idx.ts';

/** The four files in which MNIST and its kin come. */
export const idxNames = [
  'train-images-idx3-ubyte.gz',
  'train-labels-idx1-ubyte.gz',
  't10k-images-idx3-ubyte.gz',
  't10k-labels-idx1-ubyte.gz',
] as const;

/** The four files in a folder, gzipped or plain; those that lack are named. */
export function idxFilesIn(folder: string): { files: Record<string, string>; lacking: string[] } {
  const files: Record<string, string> = {};
  const lacking: string[] = [];
  for (const name of idxNames) {
    const plain = name.replace(/\.gz$/, '');
    const path = [join(folder, name), join(folder, plain)].find((one) => existsSync(one));
    if (path === undefined) lacking.push(name);
    else files[plain] = path;
  }
  return { files, lacking };
}

async function openFiles(files: Readonly<Record<string, string>>, classes: readonly string[]): Promise<SourceReading> {
  const entries: SourceEntry[] = [];
  const places: { data: Uint8Array; at: number }[] = [];
  let size: { height: number; width: number } | undefined;
  for (const [split, stem] of [
    ['train', 'train'],
    ['test', 't10k'],
  ] as const) {
    const imageFile = files[`${stem}-images-idx3-ubyte`]!;
    const labelFile = files[`${stem}-labels-idx1-ubyte`]!;
    const images = await readIdx(imageFile, 3);
    const labels = await readIdx(labelFile, 1);
    const [count = 0, height = 0, width = 0] = images.shape;
    size ??= { height, width };
    const remedy = 'Fetch the files again: they do not belong together.';
    if (height < 1 || width < 1) {
      throw new UserError(`Images of ${height} × ${width} pixels`, { file: imageFile, remedy });
    }
    if (labels.shape[0] !== count) {
      throw new UserError(`${labels.shape[0]} labels for ${count} images`, { file: labelFile, remedy });
    }
    if (height !== size.height || width !== size.width) {
      throw new UserError(`Images of ${height} × ${width} beside ${size.height} × ${size.width}`, {
        file: imageFile,
        remedy,
      });
    }
    for (let i = 0; i < count; i++) {
      const label = labels.data[i]!;
      if (label >= classes.length) {
        throw new UserError(`Label ${i} is ${label}, above ${classes.length - 1}`, { file: labelFile, remedy });
      }
      entries.push({ split, label, path: `${stem}-images-idx3-ubyte#${i}` });
      places.push({ data: images.data, at: i * height * width });
    }
  }
  const { height, width } = size!;
  async function* images(wanted: (entry: number) => boolean): AsyncGenerator<SourceImage> {
    for (const [entry, { data, at }] of places.entries()) {
      if (wanted(entry)) yield { entry, pixels: data.subarray(at, at + height * width), height, width, channels: 1 };
    }
  }
  return { classes, image: { height, width, channels: 1 }, entries, images };
}

/**
 * What lies in a folder with the four files, gzipped or plain. Throws `UserError` naming those that are missing or
 * damaged; opening it, where labels are no classes or fewer or more than images.
 */
export async function foundIdx(
  folder: string,
  route: string,
  { title, classes, memory }: { title: string; classes: readonly string[]; memory: DigestMemory },
): Promise<FoundSource> {
  const { files, lacking } = idxFilesIn(folder);
  if (lacking.length > 0) {
    throw new UserError(`${lacking.join(', ')} missing`, {
      file: folder,
      remedy: `Put all four files there: ${idxNames.join(', ')}.`,
    });
  }
  const digests: string[] = [];
  for (const [name, path] of Object.entries(files)) {
    // Of the unpacked content: Debian packs the same bytes anew, so its .gz files differ from the official ones.
    const digest = await fileDigest(path, memory, path.endsWith('.gz')).catch((cause: unknown) => {
      if (cause instanceof UserError) throw cause;
      const file = path;
      const remedy = 'Fetch the file again and compare its checksum with the published one.';
      throw new UserError(`The file is cut off or damaged: ${(cause as Error).message}`, { file, remedy, cause });
    });
    digests.push(`${name} ${digest}`);
  }
  return {
    chosen: `${title}, the four IDX files`,
    route,
    settings: {},
    fingerprint: sha256(digests.join('\n')),
    open: () => openFiles(files, classes),
  };
}
