import { join } from 'node:path';
import { writeAtomically } from '@selfsup/kit/files';

/** Writes each content as JSON into `folder` under its file name, never half; gives the paths by file name. */
export async function writeJsonFiles(
  folder: string,
  contents: Readonly<Record<string, unknown>>,
): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for (const [file, content] of Object.entries(contents)) {
    files[file] = join(folder, file);
    await writeAtomically(files[file], `${JSON.stringify(content)}\n`);
  }
  return files;
}
