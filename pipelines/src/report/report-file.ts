import { resolve } from 'node:path';
import { UserError } from '@selfsup/kit/errors';
import { writeAtomically } from '@selfsup/kit/files';
import { isFolder } from '@selfsup/kit/folders';

/** A report that was written. */
export interface WrittenReport {
  readonly file: string;
  /** What the page begins with: what has not been run, and where results were computed. */
  readonly warnings: readonly string[];
}

/**
 * Writes a report to its place among the artifacts, or to the file that `--to` names, and gives its path. Throws `UserError`
 * where it cannot be written: of artifacts that can only be read, with `--to` as the remedy.
 */
export async function writeReportFile(
  page: string | Uint8Array,
  place: string,
  to: string | undefined,
): Promise<string> {
  if (to !== undefined) {
    const file = resolve(to);
    if (isFolder(file)) {
      throw new UserError('A report is a file', { file, field: '--to', remedy: 'Name a file, such as report.html.' });
    }
    await writeAtomically(file, page);
    return file;
  }
  try {
    await writeAtomically(place, page);
  } catch (cause) {
    throw new UserError(`The report cannot be written: ${(cause as Error).message}`, {
      file: place,
      remedy:
        'Say where it shall go: selfsup report <experiment>, or compare <comparison> --as-is, with --to <file.html>; ' +
        'report --all with --to <folder>.',
      cause,
    });
  }
  return place;
}
