import { isAbsolute, join } from 'node:path';
import { z } from 'zod';
import { UserError } from '@selfsup/kit/errors';
import { sha256File } from '@selfsup/kit/files';
import { dataFolder } from '@selfsup/kit/folders';

/** A file that a task's config names. Its digest is part of the config, so another file is never taken for it. */
export const givenFileSchema = z.strictObject({
  /** A relative path is looked for in SELFSUP_DATA. */
  file: z.string(),
  /** Of the file's bytes. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/, 'must be the 64 hexadecimal digits that sha256sum prints'),
});
export type GivenFile = z.infer<typeof givenFileSchema>;

/**
 * Path of a given file. Throws `UserError` where it cannot be read, and where its digest is not that of the config; `field`
 * is the config's that names it, `what` the file in words, such as `permutation set`.
 */
export async function givenFilePath({ file, sha256 }: GivenFile, field: string, what: string): Promise<string> {
  const path = isAbsolute(file) ? file : join(dataFolder() ?? '', file);
  let digest: string;
  try {
    digest = await sha256File(path);
  } catch (cause) {
    const remedy = 'Give its whole path, or put it into the folder that SELFSUP_DATA names.';
    throw new UserError(`The ${what} cannot be read: ${(cause as Error).message}`, {
      file: path,
      field: `${field}.file`,
      remedy,
      cause,
    });
  }
  if (digest !== sha256) {
    throw new UserError(`The ${what} is another one: its sha256 is ${digest}`, {
      file: path,
      field: `${field}.sha256`,
      remedy: 'Give the file that the config means, or write its digest there.',
    });
  }
  return path;
}
