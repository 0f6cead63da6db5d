import { mkdir, readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { UserError } from '@selfsup/kit/errors';
import { canonicalJson, writeAtomically } from '@selfsup/kit/files';
import type { Figure } from '@selfsup/kit/stage';
import { findFigureKind } from './find-kind.ts';

/** Folder of a published stage that holds its figures. */
const figuresFolder = 'figures';

/**
 * Writes figures into `folder` as `figures/<place>-<kind>.json`, the pictures in them as PNG files beside it.
 * Throws `UserError` naming kind and field where data is not as the kind's schema says.
 */
export async function writeFigures(figures: readonly Figure[], folder: string): Promise<void> {
  for (const [place, figure] of figures.entries()) {
    const { schema } = await findFigureKind(figure.kind);
    const checked = schema.safeParse(figure.data);
    if (!checked.success) {
      throw new UserError(`A figure of kind '${figure.kind}' is not as its schema says`, {
        field: checked.error.issues[0]?.path.join('.'),
        remedy: z.prettifyError(checked.error),
      });
    }
    const name = `${String(place).padStart(2, '0')}-${figure.kind}`;
    const pictures: Uint8Array[] = [];
    const file = join(folder, figuresFolder, `${name}.json`);
    // Sorted keys: a training that went on has its numbers in another order than one left alone.
    const text = canonicalJson(withFiles(checked.data, name, pictures));
    await mkdir(dirname(file), { recursive: true });
    for (const [i, bytes] of pictures.entries())
      await writeAtomically(join(dirname(file), pictureName(name, i)), bytes);
    await writeAtomically(file, `${text}\n`);
  }
}

const pictureName = (figure: string, i: number): string => `${figure}-${String(i).padStart(3, '0')}.png`;

/** The same value with the name of a file in the place of each picture; `pictures` receives their bytes. */
function withFiles(value: unknown, name: string, pictures: Uint8Array[]): unknown {
  if (value instanceof Uint8Array) return { file: pictureName(name, pictures.push(value) - 1) };
  if (Array.isArray(value)) return value.map((part) => withFiles(part, name, pictures));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, withFiles(part, name, pictures)]));
}

/** The figures of a published stage, in the order in which it made them. Throws `UserError` naming a file that cannot be understood. */
export async function readFigures(folder: string): Promise<Figure[]> {
  const names = await readdir(join(folder, figuresFolder)).catch(() => []);
  const files = names.filter((name) => name.endsWith('.json')).sort();
  return Promise.all(files.map((name) => readFigure(join(folder, figuresFolder, name))));
}

async function readFigure(file: string): Promise<Figure> {
  const kind = /^\d+-(.+)\.json$/.exec(basename(file))?.[1] ?? '';
  try {
    const { schema } = await findFigureKind(kind);
    const data = await withBytes(JSON.parse(await readFile(file, 'utf8')), dirname(file));
    return { kind, data: schema.parse(data) };
  } catch (cause) {
    throw new UserError(`A report cannot use this figure: ${(cause as Error).message}`, {
      file,
      remedy: 'Remove the stage folder that holds it and run the experiment again.',
      cause,
    });
  }
}

/** The same value with the bytes of each picture in the place of its file. Only files of the figure's own folder are read. */
async function withBytes(value: unknown, folder: string): Promise<unknown> {
  if (Array.isArray(value)) return Promise.all(value.map((part) => withBytes(part, folder)));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  const [only] = entries;
  if (entries.length === 1 && only?.[0] === 'file') return readFile(join(folder, basename(String(only[1]))));
  return Object.fromEntries(
    await Promise.all(entries.map(async ([key, part]) => [key, await withBytes(part, folder)] as const)),
  );
}
