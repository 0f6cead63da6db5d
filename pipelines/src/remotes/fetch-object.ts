import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { UserError } from '@selfsup/kit/errors';
import { contentPath, pushAgain, RefusedResult, type FileRef } from './record.ts';
import type { Remote } from './remote.ts';
import { usualPatience, watched, withRetries, type Trying } from './retry.ts';

/** How often content may come with a wrong digest before it is believed to lie there so. */
const wrongAtMost = 3;

/**
 * Fetches the object of this content into `to`, and goes on at the byte where an earlier call stopped. The digest of all
 * that is there is checked; what does not have it is removed and fetched anew. Throws `NotThere`, `Interrupted`,
 * `RefusedResult` where the content lies wrong, and `UserError` where the remote or the disk here does not do.
 */
export async function fetchObject(
  remote: Remote,
  { sha256: digest, bytes }: FileRef,
  to: string,
  options: Trying & { readonly onBytes?: ((bytes: number) => void) | undefined } = {},
): Promise<void> {
  const { patience = usualPatience, onBytes } = options;
  await mkdir(dirname(to), { recursive: true });
  let wrong = 0;
  let reached = 0;
  let before = 0;
  let hash = createHash('sha256');
  let hashed = 0;
  const advanced = (): boolean => {
    const more = reached > before && wrong === 0;
    before = reached;
    return more;
  };
  await withRetries(
    remote,
    options,
    async (signal) => {
      const found = (await stat(to).catch(() => undefined))?.size ?? 0;
      if (found > bytes) await rm(to);
      const from = found > bytes ? 0 : found;
      if (hashed !== from) {
        hash = createHash('sha256');
        hashed = from;
        if (from > 0)
          for await (const chunk of createReadStream(to, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
      }
      if (from > reached) onBytes?.(from - reached);
      reached = from;
      const file = await openHere(to);
      try {
        if (from < bytes || bytes === 0) {
          for await (const chunk of watched(await remote.read(contentPath(digest), from, signal), patience.stall)) {
            signal?.throwIfAborted();
            reached += chunk.length;
            if (reached > bytes) break;
            await writeHere(to, file.writeFile(chunk));
            hash.update(chunk);
            hashed += chunk.length;
            onBytes?.(chunk.length);
          }
        }
        await writeHere(to, file.sync());
      } finally {
        await file.close();
      }
      if (reached < bytes) throw new Error(`it was cut after ${reached} of ${bytes} bytes`);
      if (reached === bytes && hash.digest('hex') === digest) return;
      await rm(to, { force: true });
      hash = createHash('sha256');
      reached = hashed = 0;
      if (++wrong < wrongAtMost) throw new Error('what came does not have the digest that it should');
      throw new RefusedResult(`The remote '${remote.name}' has something else under a digest than what has it`, {
        file: `${remote.url}/${contentPath(digest)}`,
        remedy: pushAgain,
      });
    },
    advanced,
  );
}

async function openHere(path: string) {
  return writeHere(path, open(path, 'a'));
}

/** Something done with a file of this machine: what fails there is no fault of the remote. */
async function writeHere<Result>(path: string, doing: Promise<Result>): Promise<Result> {
  return doing.catch((cause: Error) => {
    throw new UserError(`Cannot write: ${cause.message}`, {
      file: path,
      remedy:
        'Make the folder writable and leave room on its disk, then run the same command again: it goes on from here.',
      cause,
    });
  });
}
