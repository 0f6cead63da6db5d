import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { UserError } from '@selfsup/engine/errors';

/** Names of the parts in a source folder: sub-folders that hold a file of their own name, sorted. */
export function listParts(source: URL): string[] {
  const folder = fileURLToPath(source);
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(`${folder}/${entry.name}/${entry.name}.ts`))
    .map((entry) => entry.name)
    .sort();
}

/** Throws `UserError` that lists the parts there are unless `name` is one of them. `kind` is a noun: `network`. */
export function requirePart(kind: string, name: string, source: URL, field?: string): void {
  const names = listParts(source);
  if (names.includes(name)) return;
  throw new UserError(`There is no ${kind} '${name}'`, {
    field,
    remedy: `Name one of those that exist: ${names.join(', ')}.`,
  });
}
