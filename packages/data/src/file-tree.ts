import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { UserError } from '@selfsup/engine/errors';
import { isArchive, readArchive } from './archive.ts';
import { refuseHuge } from './file-size.ts';
import { fileDigest, folderDigest } from './fingerprint.ts';
import { fileContent, fileHead, fileStats, filesBelow, unreadable } from './folder-files.ts';
import { headBytes, startsAsPicture } from './formats/signature.ts';
import { litterIn, litterReason } from './litter.ts';
import type { NotRead } from './passed-over.ts';
import { openTar } from './tar-index.ts';

/** A file of a tree with its content. */
export interface TreeFile {
  readonly path: string;
  readonly content: Buffer;
}

/** A folder of files, or an archive of one: what they are called, and a way to read those that are wanted. */
export interface FileTree {
  /** With `/` between their parts, sorted, so that the order does not depend on how they are packed. */
  readonly paths: readonly string[];
  /** What is litter or no file, and what was looked into and is no picture. */
  readonly passedOver: readonly NotRead[];
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

  /** Whether the file belongs to the tree. `head` gives its first bytes, or says why it cannot. */
  async add(path: string, head: () => Promise<Uint8Array | string>): Promise<boolean> {
    const litter = litterIn(path);
    if (litter !== undefined) {
      if (!this.litter.has(litter)) this.passedOver.push({ path: litter, reason: litterReason });
      this.litter.add(litter);
      return false;
    }
    const kept = this.keep(path);
    if (kept === false) return false;
    if (kept === 'if picture') {
      const found = await head();
      const reason = typeof found === 'string' ? found : startsAsPicture(found) ? undefined : 'no picture that is read';
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
 * Opens the files below a folder, or in a .tar, .tar.gz, .tar.xz or .zip, that `keep` wants. A plain tar is
 * read at the place of each file, other archives as streams; nothing is unpacked to disk. Throws `UserError` where the
 * archive is damaged or of no known kind; reading, for a file that is gone or too large for an image.
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
  return path.endsWith('.tar') ? openIndexed(path, keep) : openStreamed(path, keep);
}

async function openIndexed(path: string, keep: Keep): Promise<FileTree> {
  const tar = await openTar(path);
  const choice = new Choice(keep);
  try {
    for (const member of tar.members) {
      await choice.add(member.path, () => headIn(member.bytes, () => tar.content(member)));
    }
  } finally {
    await tar.close();
  }
  const chosen = new Set(choice.paths);
  const members = tar.members
    .filter((member) => chosen.has(member.path))
    .sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  return {
    paths: members.map((member) => member.path),
    passedOver: choice.passedOver,
    async *read(wanted) {
      const reading = await openTar(path);
      try {
        for (const member of members) {
          if (wanted(member.path)) yield { path: member.path, content: await reading.content(member) };
        }
      } finally {
        await reading.close();
      }
    },
  };
}

async function openStreamed(path: string, keep: Keep): Promise<FileTree> {
  const choice = new Choice(keep);
  for await (const file of readArchive(path))
    await choice.add(file.path, () => headIn(file.bytes, () => file.content()));
  const known = new Set(choice.paths);
  return {
    paths: choice.paths.sort(),
    passedOver: choice.passedOver,
    async *read(wanted) {
      for await (const file of readArchive(path)) {
        if (known.has(file.path) && wanted(file.path)) yield { path: file.path, content: await file.content() };
      }
    },
  };
}

/** A file in an archive is read whole to see its first bytes: larger ones are taken for something else unseen. */
const mostLookedInto = 2 ** 26;

async function headIn(bytes: number, content: () => Promise<Buffer>): Promise<Uint8Array | string> {
  return bytes > mostLookedInto ? 'too large to look into' : (await content()).subarray(0, headBytes);
}

/** sha256 of an archive, or over the files of a folder that `keep` wants; remembered while they stay as they are. */
export async function treeFingerprint(path: string, cacheFolder: string, keep: Keep = () => true): Promise<string> {
  if (!(await stat(path)).isDirectory()) return fileDigest(path, cacheFolder);
  const chosen = new Set((await chosenBelow(path, keep)).paths);
  return folderDigest(path, cacheFolder, (file) => chosen.has(file));
}

/** One fingerprint of several parts, each under its name. */
export function joinedFingerprint(parts: Readonly<Record<string, string>>): string {
  const hash = createHash('sha256');
  for (const name of Object.keys(parts).sort()) hash.update(`${name}\0${parts[name]}\n`);
  return hash.digest('hex');
}
