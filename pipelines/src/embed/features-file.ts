import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { extname } from 'node:path';
import { oneLine } from '@selfsup/data/wording';
import { UserError } from '@selfsup/kit/errors';
import { npyHeader } from '@selfsup/numerics/npy';

/** Where features go row by row; the number of rows is known only at the end. */
export interface FeaturesFile {
  append(names: readonly string[], rows: Float32Array): Promise<void>;
  /** Puts the finished files in place and returns their paths. */
  finish(): Promise<string[]>;
  abandon(): Promise<void>;
}

/**
 * Opens a file for features `[n, dimension]`: `.npy` (float32, with the names beside it in a `.txt`, a line each, as `oneLine` writes them) or
 * `.csv` (a header, then the file name first). Nothing is seen under the final names before `finish`.
 * Throws `UserError` for another ending, or where it cannot be written.
 */
export async function createFeaturesFile(path: string, dimension: number): Promise<FeaturesFile> {
  const kind = extname(path).toLowerCase();
  const paths = featuresPaths(path);
  const temporary = paths.map((target) => `${target}.${process.pid}.tmp`);
  const files: FileHandle[] = [];
  const abandon = async (): Promise<void> => {
    await Promise.all(files.map((file) => file.close().catch(() => undefined)));
    await Promise.all(temporary.map((target) => rm(target, { force: true }).catch(() => undefined)));
  };
  const guard = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (cause) {
      await abandon();
      throw new UserError(`Cannot write the features: ${(cause as Error).message}`, {
        file: path,
        remedy: 'Name a file in a writable folder on a disk with room.',
        cause,
      });
    }
  };

  let rowCount = 0;
  await guard(async () => {
    for (const target of temporary) files.push(await open(target, 'w'));
    if (kind === '.npy') await files[0]!.write(npyHeader('<f4', [0, dimension]));
    else await files[0]!.write(`file,${Array.from({ length: dimension }, (_, i) => `f${i}`).join(',')}\n`);
  });

  return {
    abandon,
    append: (names, rows) =>
      guard(async () => {
        rowCount += names.length;
        if (kind === '.npy') {
          await files[0]!.appendFile(new Uint8Array(rows.buffer, rows.byteOffset, rows.byteLength));
          await files[1]!.appendFile(names.map((name) => `${oneLine(name)}\n`).join(''));
          return;
        }
        const lines = names.map((name, i) => {
          const values = rows.subarray(i * dimension, (i + 1) * dimension);
          return `${quoted(oneLine(name))},${Array.from(values, (value) => Number(value.toPrecision(9))).join(',')}\n`;
        });
        await files[0]!.appendFile(lines.join(''));
      }),
    finish: () =>
      guard(async () => {
        // As long as the one it stands in place of.
        if (kind === '.npy') await files[0]!.write(npyHeader('<f4', [rowCount, dimension]), 0, null, 0);
        for (const file of files) {
          await file.sync();
          await file.close();
        }
        // The names first: whoever waits for the array finds them there.
        for (const i of paths.map((_, i) => i).reverse()) await rename(temporary[i]!, paths[i]!);
        return paths;
      }),
  };
}

/** The files that features go to: a `.csv`, or a `.npy` and its `.txt`. Throws `UserError` for another ending. */
export function featuresPaths(path: string): string[] {
  const kind = extname(path).toLowerCase();
  if (kind === '.csv') return [path];
  if (kind === '.npy') return [path, `${path.slice(0, -kind.length)}.txt`];
  throw new UserError('Features are written as .npy or .csv', {
    file: path,
    field: '--to',
    remedy: 'Give a file name that ends in .npy or .csv.',
  });
}

function quoted(name: string): string {
  return /[",]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name;
}
