import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { UserError } from '../errors.ts';

export { crc32 } from './crc32.ts';
export { flush, flushNames, makeFolder } from './flush.ts';
export { isOtherDisk, move } from './move.ts';

/** sha256 of bytes or of a string's UTF-8 form, as 64 lower-case hex digits. */
export function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

/** sha256 of a file, read as a stream. Throws what `fs` throws when it cannot be read. */
export async function sha256File(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
  return hash.digest('hex');
}

/** JSON with sorted keys and no white space: equal values give equal text, so it can be hashed. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    part !== null && typeof part === 'object' && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : part,
  );
}

/** Whether a file is what a `writeAtomically` that was cut off has left. */
export function isTemporary(path: string): boolean {
  return /^\..*\.\d+\.[0-9a-f]{8}\.tmp$/.test(basename(path));
}

/**
 * Writes a file so that readers see the old content or the whole new one, never a part: into a
 * temporary neighbour, flushed to disk, then renamed. Creates the folder where it is missing.
 * Throws `UserError` naming the file when it cannot be written.
 */
export async function writeAtomically(
  path: string,
  content: string | Uint8Array | Iterable<Uint8Array>,
): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.${randomUUID().slice(0, 8)}.tmp`);
  try {
    await mkdir(dirname(path), { recursive: true });
    const file = await open(temporary, 'w');
    try {
      const parts = typeof content === 'string' || content instanceof Uint8Array ? [content] : content;
      for (const part of parts) await file.writeFile(part);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw new UserError(`Cannot write: ${(cause as Error).message}`, {
      file: path,
      remedy: 'Make the folder writable and leave room on its disk, then run the same command again.',
      cause,
    });
  }
}
