import { join, resolve } from 'node:path';
import { UserError } from '@selfsup/kit/errors';
import { writeAtomically } from '@selfsup/kit/files';
import { cacheFolder } from '@selfsup/kit/folders';
import { shownPath } from '../store/shown-path.ts';

/**
 * Writes the contact sheet of a dataset to the PNG `asked` for (`UserError` where that cannot be), else among the
 * artifacts, or in the user's cache where those can only be read. Returns a line that says where it is, or why nowhere.
 */
export async function keepSheet(
  png: Uint8Array,
  { name, artifacts, asked }: { readonly name: string; readonly artifacts: string; readonly asked: string | undefined },
): Promise<string> {
  const places =
    asked !== undefined
      ? [() => checkedSheet(asked)]
      : [() => join(artifacts, name, 'contact-sheet.png'), () => join(cacheFolder(), 'contact-sheets', `${name}.png`)];
  let problem: unknown;
  for (const place of places) {
    try {
      const file = place();
      await writeAtomically(file, png);
      return `Contact sheet: ${shownPath(file)}`;
    } catch (error) {
      problem ??= error;
    }
  }
  if (asked !== undefined) throw problem;
  return `Contact sheet: not written (${(problem as Error).message}); --sheet <file.png> says where to`;
}

/** The whole path of a `--sheet`. Throws `UserError` unless it ends in `.png`. */
export function checkedSheet(asked: string): string {
  if (asked.endsWith('.png')) return resolve(asked);
  const remedy = 'Let its name end in .png.';
  throw new UserError('A contact sheet is a PNG', { file: resolve(asked), field: '--sheet', remedy });
}
