import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '@selfsup/engine/errors';
import { isArchive, readArchive } from './archive.ts';
import { refuseHuge } from './file-size.ts';
import { fileDigest, folderDigest } from './fingerprint.ts';
import { fileStats, filesBelow } from './folder-files.ts';
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
  /** Reads those that are wanted, each once, in any order. */
  read(wanted: (path: string) => boolean): AsyncGenerator<TreeFile>;
}

/** Files that operating systems leave beside others. */
const litter = /(?:^|\/)(?:\.|__MACOSX\/|Thumbs\.db$|desktop\.ini$)/i;

/**
 * Opens the files below a folder, or in a .tar, .tar.gz, .tar.xz or .zip, for which `keep(path)` holds. A plain tar is
 * read at the place of each file, other archives as streams; nothing is unpacked to disk. Throws `UserError` where the
 * archive is damaged or of no known kind; reading, for a file that is gone or too large for an image.
 */
export async function openFileTree(path: string, keep: (path: string) => boolean = () => true): Promise<FileTree> {
  const wantedAtAll = (file: string): boolean => !litter.test(file) && keep(file);
  if ((await stat(path)).isDirectory()) {
    const paths = (await filesBelow(path)).filter(wantedAtAll);
    return {
      paths,
      async *read(wanted) {
        for (const file of paths) {
          if (!wanted(file)) continue;
          refuseHuge(path, file, (await fileStats(path, file)).size);
          yield { path: file, content: await readFile(join(path, file)) };
        }
      },
    };
  }
  if (!isArchive(path)) {
    throw new UserError('Neither a folder nor an archive that can be read', {
      file: path,
      remedy: 'Give a folder, or a .tar, .tar.gz, .tar.xz or .zip of one.',
    });
  }
  return path.endsWith('.tar') ? openIndexed(path, wantedAtAll) : openStreamed(path, wantedAtAll);
}

async function openIndexed(path: string, keep: (path: string) => boolean): Promise<FileTree> {
  const tar = await openTar(path);
  await tar.close();
  const members = tar.members
    .filter((member) => keep(member.path))
    .sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  return {
    paths: members.map((member) => member.path),
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

async function openStreamed(path: string, keep: (path: string) => boolean): Promise<FileTree> {
  const paths: string[] = [];
  for await (const file of readArchive(path)) if (keep(file.path)) paths.push(file.path);
  const known = new Set(paths);
  return {
    paths: paths.sort(),
    async *read(wanted) {
      for await (const file of readArchive(path)) {
        if (known.has(file.path) && wanted(file.path)) yield { path: file.path, content: await file.content() };
      }
    },
  };
}

/** sha256 of an archive, or over the files of a folder for which `keep` holds; remembered while they stay as they are. */
export async function treeFingerprint(
  path: string,
  cacheFolder: string,
  keep: (path: string) => boolean = () => true,
): Promise<string> {
  if (!(await stat(path)).isDirectory()) return fileDigest(path, cacheFolder);
  return folderDigest(path, cacheFolder, (file) => !litter.test(file) && keep(file));
}

/** One fingerprint of several parts, each under its name. */
export function joinedFingerprint(parts: Readonly<Record<string, string>>): string {
  const hash = createHash('sha256');
  for (const name of Object.keys(parts).sort()) hash.update(`${name}\0${parts[name]}\n`);
  return hash.digest('hex');
}
