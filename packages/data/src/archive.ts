import { createReadStream, statSync } from 'node:fs';
import { Readable, Transform } from 'node:stream';
import { ReadableStream as WebStream } from 'node:stream/web';
import { createGunzip } from 'node:zlib';
import { UserError } from '@selfsup/engine/errors';
import { extract } from 'tar-stream';
import { openPromise } from 'yauzl';
import { checkedPath, leadingOut } from './archive-path.ts';
import { refuseHuge } from './file-size.ts';
import xz from 'xz-decompress'; // CommonJS without named exports that Node could see

/** A file inside an archive. `content` reads it whole; it may be called only before the next file is asked for. */
export interface ArchiveFile {
  readonly path: string;
  readonly bytes: number;
  content(): Promise<Buffer>;
}

/** What unpacks to more than this many times its size, and more than a gigabyte, is made to fill memory or disk. */
const mostRatio = 200;
const harmlessBytes = 2 ** 30;

/** Whether a path names an archive that `readArchive` understands. */
export function isArchive(path: string): boolean {
  return isTar(path) || /\.zip$/i.test(path);
}

/** The regular files of a zip or tar, one after another. See `readTar` and `readZip`. */
export function readArchive(path: string): AsyncGenerator<ArchiveFile> {
  return /\.zip$/i.test(path) ? readZip(path) : readTar(path);
}

function bomb(archive: string, what: string): UserError {
  return new UserError(`${what} unpacks to more than ${mostRatio} times its size: it is made to fill memory or disk`, {
    file: archive,
    remedy: 'Do not use this archive.',
  });
}

/** Whether a path names a tar archive that `readTar` understands. */
export function isTar(path: string): boolean {
  return /\.(tar|tar\.gz|tgz|tar\.xz|txz)$/.test(path);
}

function unpackedStream(path: string): Readable {
  const file = createReadStream(path, { highWaterMark: 1 << 18 });
  if (/gz$/.test(path)) return file.on('error', () => undefined).pipe(createGunzip());
  if (!/xz$/.test(path)) return file;
  // Not Readable.toWeb: on Node 20 it throws out of reach when the file is let go of while a read is under way.
  const unpacking = new xz.XzReadableStream(WebStream.from(file) as ReadableStream<Uint8Array>);
  const stream = Readable.fromWeb(unpacking as WebStream<Uint8Array>);
  return stream.once('close', () => file.destroy());
}

/** Lets unpacked bytes through until there are absurdly more of them than packed ones. */
function withinReason(path: string): Transform {
  const packed = statSync(path).size;
  let bytes = 0;
  return new Transform({
    transform(part: Buffer, _encoding, done) {
      bytes += part.length;
      if (bytes > harmlessBytes && bytes > mostRatio * packed) done(bomb(path, 'The archive'));
      else done(null, part);
    },
  });
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
  const stream = unpackedStream(path);
  stream.on('error', (error) => tar.destroy(error));
  const checked = withinReason(path).on('error', (error) => tar.destroy(error));
  stream.pipe(checked).pipe(tar);
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
          refuseHuge(path, name, size);
          read = true;
          const parts: Buffer[] = [];
          try {
            for await (const part of entry) parts.push(part as Buffer);
          } catch (cause) {
            throw cause instanceof UserError ? cause : damaged(path, cause);
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

/**
 * The files of a zip, one after another in the order of its directory; nothing is written to disk. Throws `UserError`
 * naming the archive where it is damaged, encrypted or a bomb, and for a path that leads out of it.
 */
export async function* readZip(path: string): AsyncGenerator<ArchiveFile> {
  const zip = await openPromise(path, { autoClose: false, lazyEntries: true }).catch((cause: unknown) => {
    throw damaged(path, cause);
  });
  const packed = statSync(path).size;
  let unpacked = 0;
  try {
    for await (const entry of zip.eachEntry()) {
      if (/\/$/.test(entry.fileName)) continue;
      const { uncompressedSize: bytes, compressedSize } = entry;
      const name = checkedPath(entry.fileName, path);
      if (bytes > 2 ** 26 && bytes > mostRatio * compressedSize) throw bomb(path, name);
      unpacked += bytes;
      if (unpacked > harmlessBytes && unpacked > mostRatio * packed) throw bomb(path, 'The archive');
      yield {
        path: name,
        bytes,
        content: async () => {
          refuseHuge(path, name, bytes);
          try {
            const parts: Buffer[] = [];
            for await (const part of await zip.openReadStreamPromise(entry)) parts.push(part as Buffer);
            return Buffer.concat(parts);
          } catch (cause) {
            throw damaged(path, new Error(`${name}: ${(cause as Error).message}`, { cause }));
          }
        },
      };
    }
  } catch (cause) {
    // yauzl finds such paths itself
    const [, name] =
      /^(?:invalid relative path|absolute path|invalid characters in fileName): (.*)/.exec((cause as Error).message) ??
      [];
    if (name !== undefined) throw leadingOut(name, path);
    throw cause instanceof UserError ? cause : damaged(path, cause);
  } finally {
    zip.close();
  }
}
