import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { ReadableStream as WebStream } from 'node:stream/web';
import { createGunzip } from 'node:zlib';
import { UserError } from '@selfsup/engine/errors';
import { extract } from 'tar-stream';
import { checkedPath } from './archive-path.ts';
import xz from 'xz-decompress'; // CommonJS without named exports that Node could see

/** A file inside an archive. `content` reads it whole; it may be called only before the next file is asked for. */
export interface ArchiveFile {
  readonly path: string;
  readonly bytes: number;
  content(): Promise<Buffer>;
}

/** Whether a path names a tar archive that `readTar` understands. */
export function isTar(path: string): boolean {
  return /\.(tar|tar\.gz|tgz|tar\.xz|txz)$/.test(path);
}

function unpacked(path: string): Readable {
  const file = createReadStream(path, { highWaterMark: 1 << 18 });
  if (/gz$/.test(path)) return file.on('error', () => undefined).pipe(createGunzip());
  if (!/xz$/.test(path)) return file;
  // Not Readable.toWeb: on Node 20 it throws out of reach when the file is let go of while a read is under way.
  const unpacking = new xz.XzReadableStream(WebStream.from(file) as ReadableStream<Uint8Array>);
  const stream = Readable.fromWeb(unpacking as WebStream<Uint8Array>);
  return stream.once('close', () => file.destroy());
}

function damaged(path: string, cause: unknown): UserError {
  return new UserError(`The archive is cut off or damaged: ${(cause as Error).message}`, {
    file: path,
    remedy: 'Fetch the file again and compare its size and checksum with those of its publisher.',
    cause,
  });
}

/**
 * The regular files of a .tar, .tar.gz or .tar.xz, one after another, streamed: nothing is written to disk. Files
 * whose content is not asked for are skipped. Throws `UserError` naming the archive where it is cut off or damaged, and
 * for a path that leads out of it.
 */
export async function* readTar(path: string): AsyncGenerator<ArchiveFile> {
  const tar = extract();
  const stream = unpacked(path);
  stream.on('error', (error) => tar.destroy(error));
  stream.pipe(tar);
  let ended = false;
  try {
    for await (const entry of tar) {
      const { name, type, size = 0 } = entry.header;
      if (type !== 'file') {
        entry.resume();
        continue;
      }
      let read = false;
      yield {
        path: checkedPath(name, path),
        bytes: size,
        content: async () => {
          read = true;
          const parts: Buffer[] = [];
          try {
            for await (const part of entry) parts.push(part as Buffer);
          } catch (cause) {
            throw damaged(path, cause);
          }
          return Buffer.concat(parts);
        },
      };
      if (!read) entry.resume();
    }
    ended = true;
  } catch (cause) {
    throw cause instanceof UserError ? cause : damaged(path, cause);
  } finally {
    if (!ended) {
      stream.destroy();
      tar.destroy();
    }
  }
}
