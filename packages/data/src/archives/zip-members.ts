import { statSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { openPromise, type Entry, type ZipFile } from 'yauzl';
import { UserError } from '@selfsup/kit/errors';
import { crc32 } from '@selfsup/kit/files';
import { openedAs, specialKinds, type OpenMember } from './archive-member.ts';
import { checkedPath, leadingOut } from './archive-path.ts';
import { damagedArchive } from './tar-members.ts';
import { refuseUnpacked } from './unpacked-size.ts';

/** A link that leads further is none. */
const mostTarget = 4096;

/** By the type in the mode of a file, where Unix or macOS packed it. */
const special: Readonly<Record<number, string>> = {
  0o01: specialKinds.pipe,
  0o02: specialKinds.device,
  0o06: specialKinds.device,
  0o14: specialKinds.socket,
};

function typeOf({ versionMadeBy, externalFileAttributes }: Entry): number {
  return [3, 19].includes(versionMadeBy >>> 8) ? externalFileAttributes >>> 28 : 0;
}

async function firstBytes(zip: ZipFile, entry: Entry, length: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let have = 0;
  const stream = (await zip.openReadStreamPromise(entry)) as Readable;
  for await (const part of stream as AsyncIterable<Buffer>) {
    parts.push(part);
    if ((have += part.length) >= length && length < entry.uncompressedSize) break;
  }
  const content = Buffer.concat(parts);
  if (content.length === entry.uncompressedSize && crc32(content) !== entry.crc32) {
    throw new Error('its checksum is another');
  }
  return content.subarray(0, length);
}

/**
 * The members of a zip, one after another in the order of its directory; nothing is written to disk. Throws `UserError`
 * naming the archive where it is damaged, encrypted or a bomb, and for a path that leads out of it.
 */
export async function* zipMembers(path: string): AsyncGenerator<OpenMember> {
  const zip = await openPromise(path, { autoClose: false, lazyEntries: true }).catch((cause: unknown) => {
    throw damagedArchive(path, (cause as Error).message, cause);
  });
  const packed = statSync(path).size;
  let unpacked = 0;
  try {
    for await (const entry of zip.eachEntry()) {
      const { uncompressedSize: bytes, compressedSize } = entry;
      const name = checkedPath(entry.fileName, path);
      refuseUnpacked(path, name, bytes, compressedSize, 2 ** 26);
      refuseUnpacked(path, 'The archive', (unpacked += bytes), packed);
      const take = (length: number): Promise<Buffer> =>
        firstBytes(zip, entry, length).catch((cause: unknown) => {
          throw damagedArchive(path, `${name}: ${(cause as Error).message}`, cause);
        });
      const opened = openedAs(path, name, bytes, take);
      const type = typeOf(entry);
      if (/\/$/.test(entry.fileName) || type === 0o04) yield { path: name, kind: 'folder', bytes: 0, ...opened };
      else if (special[type] !== undefined)
        yield { path: name, kind: 'special', what: special[type], bytes: 0, ...opened };
      else if (type === 0o12) {
        const target = (await take(Math.min(bytes, mostTarget))).toString('utf8');
        yield { path: name, kind: 'symbolic link', target, bytes: 0, ...opened };
      } else yield { path: name, kind: 'file', bytes, ...opened };
    }
  } catch (cause) {
    // yauzl finds such paths itself
    const [, name] =
      /^(?:invalid relative path|absolute path|invalid characters in fileName): (.*)/.exec((cause as Error).message) ??
      [];
    if (name !== undefined) throw leadingOut(name, path);
    throw cause instanceof UserError ? cause : damagedArchive(path, (cause as Error).message, cause);
  } finally {
    zip.close();
  }
}
