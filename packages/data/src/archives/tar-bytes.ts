import type { FileHandle } from 'node:fs/promises';
import { UserError } from '@selfsup/kit/errors';
import { damagedArchive, type TarBytes } from './tar-members.ts';

/**
 * The bytes of a tar that lies unpacked on the disk: what is passed over is not read.
 *
 * @param from where the tar begins inside the file, and
 * @param end where it ends: for a tar inside a tar
 */
export function fileBytes(file: FileHandle, from: number, end: number): TarBytes {
  let at = from;
  return {
    async take(length) {
      const bytes = Buffer.allocUnsafe(Math.min(length, end - at));
      let have = 0;
      while (have < bytes.length) {
        const { bytesRead } = await file.read(bytes, have, bytes.length - have, at + have);
        if (bytesRead === 0) break;
        have += bytesRead;
      }
      at += have;
      return bytes.subarray(0, have);
    },
    skip(length) {
      const skipped = Math.min(length, end - at);
      at += skipped;
      return Promise.resolve(skipped);
    },
  };
}

/** The bytes of a tar that comes as a stream. Both methods throw `UserError` naming the archive where the stream fails. */
export function streamBytes(stream: AsyncIterable<Buffer>, archive: string): TarBytes {
  const parts = stream[Symbol.asyncIterator]();
  let current: Buffer = Buffer.alloc(0);
  const advance = async (length: number, use: (part: Buffer) => void): Promise<number> => {
    let have = 0;
    while (have < length) {
      if (current.length === 0) {
        const next = await parts.next().catch((cause: unknown) => {
          throw cause instanceof UserError ? cause : damagedArchive(archive, (cause as Error).message, cause);
        });
        if (next.done === true) break;
        current = next.value;
        continue;
      }
      const part = current.subarray(0, Math.min(current.length, length - have));
      current = current.subarray(part.length);
      have += part.length;
      use(part);
    }
    return have;
  };
  return {
    async take(length) {
      const taken: Buffer[] = [];
      await advance(length, (part) => taken.push(part));
      return taken.length === 1 ? taken[0]! : Buffer.concat(taken);
    },
    skip: (length) => advance(length, () => undefined),
  };
}
