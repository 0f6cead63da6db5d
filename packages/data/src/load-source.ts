import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '@selfsup/engine/errors';
import type { Source } from './source.ts';

/** Names of the sources that exist: the folders of this package that hold a file of their own name. */
export async function sourceNames(): Promise<string[]> {
  const folder = import.meta.dirname;
  const entries = await readdir(folder, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory() && existsSync(join(folder, entry.name, `${entry.name}.ts`)))
    .map((entry) => entry.name)
    .sort();
}

/** The source called `name`. Throws `UserError` listing those that exist. */
export async function loadSource(name: string, file?: string, field?: string): Promise<Source> {
  const known = await sourceNames();
  if (!known.includes(name)) {
    throw new UserError(`There is no data source "${name}"`, {
      file,
      field,
      remedy: `Use one of: ${known.join(', ')}.`,
    });
  }
  const module = (await import(`@selfsup/data/${name}/${name}`)) as { default: Source };
  return module.default;
}
