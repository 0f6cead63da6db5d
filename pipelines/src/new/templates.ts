import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NameForms } from './name-forms.ts';

/**
 * The files of a new part by their paths from the root of the workspace. Templates are files as they would be for a part
 * called `part-name`, so that they are compiled, formatted and linted like all others.
 */
export function fromTemplates(kind: string, forms: NameForms): Record<string, string> {
  const folder = join(import.meta.dirname, 'templates', kind);
  const named = (text: string): string =>
    text
      .replaceAll('part-name', forms.name)
      .replaceAll('partName', forms.camel)
      .replaceAll('PartName', forms.pascal)
      .replaceAll('Part name', forms.title);
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    files.map((entry) => {
      const file = join(entry.parentPath, entry.name);
      return [named(file.slice(folder.length + 1)), named(readFileSync(file, 'utf8'))];
    }),
  );
}
