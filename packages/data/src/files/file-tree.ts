import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { UserError } from '@selfsup/kit/errors';
import type { ArchiveMember, OpenMember } from '../archives/archive-member.ts';
import { archiveTree } from '../archives/archive-tree.ts';
import { archiveMembers, isArchive } from '../archives/archive.ts';
import { headBytes, startsAsPicture } from '../pictures/formats/signature.ts';
import type { DatasetWarning } from '../store/manifest.ts';
import { refuseHuge } from './file-size.ts';
import { fileDigest, folderDigest, type DigestMemory } from './fingerprint.ts';
import { fileContent, fileHead, filesBelow, fileStats, unreadable } from './folder-files.ts';
import { litterIn, litterReason } from './litter.ts';
import { oneLine } from './one-line.ts';
import type { NotRead } from './passed-over.ts';

/** A file of a tree with its content. */
interface TreeFile {
  readonly path: string;
  readonly content: Buffer;
}

/** A folder of files, or an archive of one: what they are called, and a way to read those that are wanted. */
export interface FileTree {
  /** With `/` between their parts, sorted, so that the order does not depend on how they are packed. */
  readonly paths: readonly string[];
  /** What is litter or no file, and what was looked into and is no picture. */
  readonly passedOver: readonly NotRead[];
  /** What must be said of an archive, such as names that stand in it twice. */
  readonly warnings: readonly DatasetWarning[];
  /** Reads those that are wanted, each once, in any order. */
  read(wanted: (path: string) => boolean): AsyncGenerator<TreeFile>;
}

/** Whether a file belongs to a tree by its path: yes, no, or if it begins as a picture does. */
export type Keep = (path: string) => boolean | 'if picture';

/** Sorts the files of a tree into those that belong to it and those that are passed over. */
class Choice {
  readonly paths: string[] = [];
  readonly passedOver: NotRead[] = [];
  private readonly litter = new Set<string>();

  constructor(private readonly keep: Keep) {}

  /** Notes something that is no file of the tree. */
  passOver(one: NotRead): void {
    const litter = litterIn(one.path);
    if (litter === undefined) this.passedOver.push(one);
    else if (!this.litter.has(litter)) this.passedOver.push({ path: litter, reason: litterReason });
    if (litter !== undefined) this.litter.add(litter);
  }

  /**
   * Whether the file belongs to the tree. `head` gives its first bytes, or says why it cannot; nothing where it is known for a
   * picture.
   */
  async add(path: string, head: () => Promise<Uint8Array | string | undefined>): Promise<boolean> {
    if (litterIn(path) !== undefined) {
      this.passOver({ path, reason: litterReason });
      return false;
    }
    const kept = this.keep(path);
    if (kept === false) return false;
    if (kept === 'if picture') {
      const found = await head();
      const isPicture = found === undefined || (typeof found !== 'string' && startsAsPicture(found));
      const reason = isPicture ? undefined : typeof found === 'string' ? found : 'no picture that is read';
      if (reason !== undefined) {
        this.passedOver.push({ path, reason });
        return false;
      }
    }
    this.paths.push(path);
    return true;
  }
}

async function chosenBelow(folder: string, keep: Keep): Promise<Choice> {
  const { paths, passedOver } = await filesBelow(folder);
  const choice = new Choice(keep);
  choice.passedOver.push(...passedOver);
  for (const path of paths) {
    await choice.add(path, () =>
      fileHead(folder, path, headBytes).catch((cause: unknown) =>
        unreadable(folder, path, cause).message.slice(path.length + 1),
      ),
    );
  }
  return choice;
}

/**
 * Opens the files below a folder, or in a .tar, .tar.gz, .tar.xz or .zip, that `keep` wants; nothing is unpacked to disk, and
 * links in an archive are followed as those in a folder are. Throws `UserError` where the archive is damaged or of no known
 * kind, or a file that is wanted in it is no file or a link that leads nowhere; reading, for a file that is gone or too large
 * for an image.
 */
export async function openFileTree(path: string, keep: Keep = () => true): Promise<FileTree> {
  const state = await stat(path).catch((cause: unknown) => {
    throw unreadable(path, 'This', cause);
  });
  if (state.isDirectory()) {
    const { paths, passedOver } = await chosenBelow(path, keep);
    return {
      paths,
      passedOver,
      warnings: [],
      async *read(wanted) {
        for (const file of paths) {
          if (!wanted(file)) continue;
          refuseHuge(path, file, (await fileStats(path, file)).size);
          yield { path: file, content: await fileContent(path, file) };
        }
      },
    };
  }
  if (!isArchive(path) || !state.isFile()) {
    throw new UserError('Neither a folder nor an archive that can be read', {
      file: path,
      remedy: 'Give a folder, or a .tar, .tar.gz, .tar.xz or .zip of one.',
    });
  }
  return openMembers(path, () => archiveMembers(path), keep);
}

/** Opens the members of an archive, which `members` gives each time anew, as a tree. Throws as `openFileTree`. */
export async function openMembers(
  archive: string,
  members: () => AsyncGenerator<OpenMember>,
  keep: Keep = () => true,
): Promise<FileTree> {
  const listed: ArchiveMember[] = [];
  const heads = new Map<number, Uint8Array>();
  for await (const { path, kind, target, what, bytes, head } of members()) {
    if (kind === 'file' && keep(path) === 'if picture') heads.set(listed.length, await head(headBytes));
    listed.push({ path, kind, bytes, ...(target !== undefined && { target }), ...(what !== undefined && { what }) });
  }
  const { files, unreadable: odd, passedOver, repeated } = archiveTree(listed, archive);
  const choice = new Choice(keep);
  const places = new Map<number, string[]>();
  for (const { path, member } of files) {
    const head = heads.get(member) ?? (keep(listed[member]!.path) === true ? undefined : notLookedInto);
    if (!(await choice.add(path, () => Promise.resolve(head)))) continue;
    places.set(member, [...(places.get(member) ?? []), path]);
  }
  for (const { path, reason } of odd) {
    const why = `cannot be read: it is ${reason}`;
    if (!(await choice.add(path, () => Promise.resolve(why)))) continue;
    throw new UserError(`${path} ${why}`, {
      file: archive,
      remedy: 'Pack the archive again without it, or with the file itself.',
    });
  }
  for (const one of passedOver) choice.passOver(one);
  return {
    paths: choice.paths,
    passedOver: choice.passedOver,
    warnings: repeatedNames(repeated.filter((path) => litterIn(path) === undefined && keep(path) !== false)),
    async *read(wanted) {
      const needed = new Map<number, string[]>();
      for (const [place, paths] of places) {
        const some = paths.filter(wanted);
        if (some.length > 0) needed.set(place, some);
      }
      let place = 0;
      let left = needed.size;
      if (left === 0) return;
      for await (const member of members()) {
        const paths = needed.get(place);
        if (member.path !== listed[place++]?.path) throw changed(archive);
        if (paths === undefined) continue;
        const content = await member.content();
        for (const path of paths) yield { path, content };
        if (--left === 0) return;
      }
      throw changed(archive);
    },
  };
}

const notLookedInto = 'a link to a file that is no picture by its name';

function changed(archive: string): UserError {
  return new UserError('The archive has changed while it was read', {
    file: archive,
    remedy: 'Run the same command again.',
  });
}

function repeatedNames(paths: readonly string[]): DatasetWarning[] {
  const [first] = paths;
  if (first === undefined) return [];
  const names = paths.length === 1 ? '1 name stands' : `${paths.length.toLocaleString('en-US')} names stand`;
  const message = `${names} more than once in the archive, such as ${oneLine(first)}: the last of each was taken, as tar does.`;
  return [{ kind: 'duplicate-names', message }];
}

/** sha256 of an archive, or over the files of a folder that `keep` wants; remembered while they stay as they are. */
export async function treeFingerprint(path: string, memory: DigestMemory, keep: Keep = () => true): Promise<string> {
  if (!(await stat(path)).isDirectory()) return fileDigest(path, memory);
  const chosen = new Set((await chosenBelow(path, keep)).paths);
  return folderDigest(path, memory, (file) => chosen.has(file));
}

/** One fingerprint of several parts, each under its name. */
export function joinedFingerprint(parts: Readonly<Record<string, string>>): string {
  const hash = createHash('sha256');
  for (const name of Object.keys(parts).sort()) hash.update(`${name}\0${parts[name]}\n`);
  return hash.digest('hex');
}
