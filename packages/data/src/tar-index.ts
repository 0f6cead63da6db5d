import { type FileHandle, open } from 'node:fs/promises';
import { UserError } from '@selfsup/engine/errors';
import { checkedPath } from './archive-path.ts';
import { refuseHuge } from './file-size.ts';
import { paxAttributes, tarHeader } from './tar-header.ts';

/** A file inside a tar that lies unpacked on the disk: where its bytes are. */
export interface TarMember {
  readonly path: string;
  /** Of the content, in bytes from the start of the archive. */
  readonly offset: number;
  readonly bytes: number;
}

const block = 512;
/** Headers that describe the one after them: names or attributes that were too long. None is megabytes long. */
const mostDescription = 2 ** 20;

/** Bytes at a place of a tar; less where it ends before. */
async function read(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length);
  let have = 0;
  while (have < length) {
    const { bytesRead } = await file.read(bytes, have, length - have, position + have);
    if (bytesRead === 0) break;
    have += bytesRead;
  }
  return bytes.subarray(0, have);
}

function cut(archive: string, path: string): UserError {
  return new UserError(`The archive is cut off or damaged: it ends inside ${path}`, {
    file: archive,
    remedy: 'Fetch the file again and compare its size and checksum with those of its publisher.',
  });
}

function damaged(archive: string, at: number): UserError {
  return new UserError(`The archive is damaged: no header of a file at byte ${at}`, {
    file: archive,
    remedy: 'Fetch the file again and compare its size and checksum with those of its publisher.',
  });
}

/**
 * Lists the regular files of an uncompressed tar by its headers alone, skipping over what they contain: a tar of
 * 150 GB is listed in seconds, and its members can be read later in any order. Understands ustar, GNU long names and
 * pax. Links and folders are left out. Throws `UserError` naming the archive where it is cut off or damaged, and for
 * paths that lead out of it.
 *
 * @param from where the tar begins inside the file, and
 * @param bytes how long it is: for a tar inside a tar
 */
export async function* tarMembers(
  file: FileHandle,
  archive: string,
  from = 0,
  bytes?: number,
): AsyncGenerator<TarMember> {
  const end = bytes === undefined ? (await file.stat()).size : from + bytes;
  let described: { path?: string; bytes?: number } = {};
  for (let at = from; at + block <= end;) {
    const raw = await read(file, at, block);
    if (raw.length < block) throw cut(archive, 'a header');
    if (raw.every((byte) => byte === 0)) return; // the end is marked by empty blocks
    const header = tarHeader(raw);
    if (header === undefined) throw damaged(archive, at);
    const offset = at + block;
    const path = described.path ?? header.path;
    const size = described.bytes ?? header.bytes;
    if (offset + size > end) throw cut(archive, path);
    at = offset + Math.ceil(size / block) * block;
    if ('xL'.includes(header.type)) {
      if (size > mostDescription) throw damaged(archive, offset);
      const description = await read(file, offset, size);
      described =
        header.type === 'x' ? paxAttributes(description) : { path: description.toString('utf8').replace(/\0.*$/s, '') };
      continue;
    }
    described = {};
    if ('07'.includes(header.type)) yield { path: checkedPath(path, archive), offset, bytes: size };
  }
  // Some writers leave the empty blocks out; but then the last member must be whole, which was checked.
}

/** The content of a member. Throws `UserError` where the archive ends before it does, and for one too large for an image. */
export async function readMember(file: FileHandle, archive: string, member: TarMember): Promise<Buffer> {
  refuseHuge(archive, member.path, member.bytes);
  const bytes = await read(file, member.offset, member.bytes);
  if (bytes.length < member.bytes) throw cut(archive, member.path);
  return bytes;
}

/** An open tar whose members are read by their place. */
export interface IndexedTar {
  readonly members: readonly TarMember[];
  content(member: TarMember): Promise<Buffer>;
  close(): Promise<void>;
}

/** Opens an uncompressed tar and lists its files. Throws as `tarMembers`. Close it after use. */
export async function openTar(archive: string): Promise<IndexedTar> {
  const file = await open(archive, 'r');
  try {
    const members: TarMember[] = [];
    for await (const member of tarMembers(file, archive)) members.push(member);
    return {
      members,
      content: (member) => readMember(file, archive, member),
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}
