import { UserError } from '@selfsup/kit/errors';
import { openedAs, specialKinds, type ArchiveMember, type OpenMember } from './archive-member.ts';
import { checkedPath } from './archive-path.ts';
import { nameOf, paxAttributes, tarHeader, type Described, type TarHeader } from './tar-header.ts';

/** The bytes of a tar, one after another. */
export interface TarBytes {
  /** The next bytes; fewer where the tar ends before. */
  take(length: number): Promise<Buffer>;
  /** Passes over bytes, and says how many there were. */
  skip(length: number): Promise<number>;
}

/** A member of a tar: where its content begins, in bytes from the start of the tar. */
export interface TarMember extends OpenMember {
  readonly offset: number;
}

const block = 512;
/** Headers that describe the one after them: names or attributes that were too long. None is megabytes long. */
const mostDescription = 2 ** 20;
/** Writers fill the last record up with empty blocks; a record has at most that many. */
const mostBlocksInRecord = 128;

const remedy = 'Fetch the file again and compare its size and checksum with those of its publisher.';

/** The error for an archive that does not hold what it should, at a place of it or because of something that was thrown. */
export function damagedArchive(archive: string, what: string, cause?: unknown): UserError {
  return new UserError(`The archive is cut off or damaged: ${what}`, { file: archive, remedy, cause });
}

/** Bytes with their place; whether all that are asked for are there is seen to here. */
class Reader {
  at = 0;

  constructor(
    private readonly bytes: TarBytes,
    private readonly archive: string,
  ) {}

  /** A block; nothing at the end of the tar. */
  async block(within: string): Promise<Buffer | undefined> {
    const found = await this.bytes.take(block);
    if (found.length === 0) return undefined;
    if (found.length < block) throw this.cut(found.length, within);
    this.at += block;
    return found;
  }

  async take(length: number, within: string): Promise<Buffer> {
    const found = await this.bytes.take(length);
    if (found.length < length) throw this.cut(found.length, within);
    this.at += length;
    return found;
  }

  async skip(length: number, within: string): Promise<void> {
    const found = await this.bytes.skip(length);
    if (found < length) throw this.cut(found, within);
    this.at += length;
  }

  /** What comes after the end: its next bytes, or with `Infinity` none, and all of it is passed over. */
  async rest(length: number): Promise<Buffer> {
    if (length === Infinity) {
      await this.bytes.skip(length);
      return Buffer.alloc(0);
    }
    const found = await this.bytes.take(length);
    this.at += found.length;
    return found;
  }

  private cut(found: number, within: string): UserError {
    return damagedArchive(this.archive, `it ends at byte ${this.at + found}, inside ${within}`);
  }
}

const isEmpty = (bytes: Buffer): boolean => bytes.every((byte) => byte === 0);
const filledUp = (length: number): number => Math.ceil(length / block) * block;

/**
 * Lists the members of a tar by their headers, passing over what they contain unless it is asked for: a plain tar of 150 GB
 * is listed in seconds. Understands v7, ustar, GNU long names and pax, as GNU tar, bsdtar and Python write them. Throws
 * `UserError` naming the archive and the place where it is damaged, or cut off before the two empty blocks that mark its end;
 * where another archive was joined to it; and for paths that lead out.
 */
export async function* tarMembers(bytes: TarBytes, archive: string): AsyncGenerator<TarMember> {
  const reader = new Reader(bytes, archive);
  let described: Described = {};
  let last: string | undefined;
  for (;;) {
    const start = reader.at;
    const raw = await reader.block(`the header after ${last ?? 'its start'}`);
    if (raw === undefined || isEmpty(raw)) return reachEnd(reader, archive, raw, last);
    const header = tarHeader(raw);
    if (header === undefined) throw damagedArchive(archive, `no header of a file at byte ${start}`);
    if ('xXgLKN'.includes(header.type)) {
      described = { ...described, ...(await description(reader, header, archive)) };
      continue;
    }
    if (header.type === 'S') await passSparseMap(reader, raw);
    const member = memberOf(header, described, archive);
    described = {};
    last = member.path || './';
    // Links, folders and special files have no content, whatever size they give.
    const stored = '123456'.includes(header.type) ? 0 : member.stored;
    const offset = reader.at;
    yield {
      ...member,
      bytes: stored,
      offset,
      ...openedAs(archive, member.path, stored, (length) => reader.take(length, member.path)),
    };
    await reader.skip(offset + filledUp(stored) - reader.at, member.path);
  }
}

async function description(reader: Reader, header: TarHeader, archive: string): Promise<Described> {
  const [start, within] = [reader.at, 'the name or attributes of a member'];
  if (header.bytes > mostDescription) throw damagedArchive(archive, `no name or attributes at byte ${start}`);
  const content = await reader.take(header.bytes, within);
  await reader.skip(filledUp(header.bytes) - header.bytes, within);
  if (header.type === 'L') return { path: nameOf(content) };
  if (header.type === 'K') return { target: nameOf(content) };
  if (!'xX'.includes(header.type)) return {}; // of all members (g), or of tars before GNU's 1.12: nothing that matters here
  const attributes = paxAttributes(content);
  const { bytes = 0 } = attributes ?? {};
  // One below zero would lead back, again and again.
  if (attributes === undefined || !Number.isSafeInteger(bytes) || bytes < 0) {
    throw damagedArchive(archive, `no attributes of a file at byte ${start}`);
  }
  return attributes;
}

/** The map of an old GNU sparse file goes on in blocks of its own, the last of which says that none follows. */
async function passSparseMap(reader: Reader, header: Buffer): Promise<void> {
  let more = header[482] !== 0;
  while (more) more = (await reader.take(block, 'the map of a sparse file'))[504] !== 0;
}

function memberOf(
  header: TarHeader,
  described: Described,
  archive: string,
): Omit<ArchiveMember, 'bytes'> & { stored: number } {
  const path = checkedPath(described.path ?? header.path, archive);
  const stored = described.bytes ?? header.bytes;
  const target = described.target ?? header.target;
  const special = { 3: specialKinds.device, 4: specialKinds.device, 6: specialKinds.pipe }[header.type];
  if (header.type === '1') return { path, kind: 'hard link', target, stored };
  if (header.type === '2') return { path, kind: 'symbolic link', target, stored };
  // D is GNU's list of a folder, V the label of a volume.
  if ('5DV'.includes(header.type)) return { path: header.type === 'V' ? '' : path, kind: 'folder', stored };
  if (special !== undefined) return { path, kind: 'special', what: special, stored };
  const unreadable = (what: string) => ({ path, kind: 'unreadable' as const, what, stored });
  if (header.type === 'S' || described.sparse === true) return unreadable('stored as a sparse file (tar --sparse)');
  if (header.type === 'M') return unreadable('the rest of a file that begins in another volume');
  if (header.type === '0') return { path, kind: 'file', stored };
  return unreadable(`of an unknown kind (type ${JSON.stringify(header.type)})`);
}

/** Asks for the second of the two empty blocks that mark the end, and looks whether another archive comes after. */
async function reachEnd(
  reader: Reader,
  archive: string,
  first: Buffer | undefined,
  last: string | undefined,
): Promise<void> {
  const after = last === undefined ? 'without a member' : `after ${last}`;
  if (first === undefined) {
    throw damagedArchive(
      archive,
      `it ends at byte ${reader.at}, ${after}; the two empty blocks that mark its end are missing`,
    );
  }
  const second = await reader.block('the mark of its end');
  if (second === undefined) {
    throw damagedArchive(
      archive,
      `it ends at byte ${reader.at}, ${after}; the second of the two empty blocks that mark its end is missing`,
    );
  }
  if (!isEmpty(second)) throw damagedArchive(archive, `a lone empty block before byte ${reader.at - block}, ${after}`);
  for (let i = 0; i < mostBlocksInRecord; i++) {
    const more = await reader.rest(block);
    if (more.length < block) return;
    if (isEmpty(more)) continue;
    if (tarHeader(more) === undefined) break;
    throw new UserError(`Another archive begins at byte ${reader.at - block}, after the end of the first`, {
      file: archive,
      remedy: 'Unpack it with tar --ignore-zeros and give the folder, or join archives with tar --concatenate.',
    });
  }
  await reader.rest(Infinity); // so that what is packed is read to its end, where its own checksum stands
}
