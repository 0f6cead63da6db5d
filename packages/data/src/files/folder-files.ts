import type { Dirent, Stats } from 'node:fs';
import { open, readdir, readFile, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '@selfsup/kit/errors';
import { isLitter, litterReason } from './litter.ts';
import type { NotRead } from './passed-over.ts';

/** What lies below a folder. */
export interface FolderFiles {
  /** Relative paths of the files, with `/` between their parts, sorted. */
  readonly paths: readonly string[];
  /** What is no file, hidden or of the system, and why. */
  readonly passedOver: readonly NotRead[];
}

/**
 * All files below a folder. Links are followed, also those to folders; a link to a folder that it lies in is passed over. One
 * that leads nowhere is listed: `fileStats` says so where the file is wanted. Litter, pipes, sockets and devices are passed
 * over, and litter is not looked into. Throws `UserError` for a folder that cannot be read.
 */
export async function filesBelow(folder: string): Promise<FolderFiles> {
  const paths: string[] = [];
  const passedOver: NotRead[] = [];
  const visit = async (below: string, around: readonly string[]): Promise<void> => {
    const entries = await entriesOf(folder, below);
    if (entries.length === 0 && below !== '') passedOver.push({ path: `${below}/`, reason: 'an empty folder' });
    for (const entry of entries) {
      const path = below === '' ? entry.name : `${below}/${entry.name}`;
      const target = entry.isSymbolicLink() ? await stat(join(folder, path)).catch(() => undefined) : entry;
      if (isLitter(entry.name, target?.isDirectory() ?? false)) passedOver.push({ path, reason: litterReason });
      else if (target === undefined || target.isFile()) paths.push(path);
      else if (!target.isDirectory()) passedOver.push({ path, reason: kindOf(target) });
      else if (!entry.isSymbolicLink()) await visit(path, around);
      else {
        const real = await realpath(join(folder, path));
        const here = [...around, await realpath(join(folder, below))];
        if (here.some((one) => `${one}/`.startsWith(`${real}/`))) {
          passedOver.push({ path, reason: 'a link to a folder around it' });
        } else await visit(path, here);
      }
    }
  };
  await visit('', []);
  return { paths: paths.sort(), passedOver };
}

async function entriesOf(folder: string, below: string): Promise<Dirent[]> {
  return readdir(join(folder, below), { withFileTypes: true }).catch((cause: unknown) => {
    throw unreadable(folder, below === '' ? 'The folder' : `The folder ${below}`, cause);
  });
}

function kindOf(entry: Dirent | Stats): string {
  if (entry.isFIFO()) return 'a pipe, no file';
  return entry.isSocket() ? 'a socket, no file' : 'a device, no file';
}

/** Size and times of a file below a folder. Throws `UserError` where it is gone, or a link that leads nowhere. */
export async function fileStats(folder: string, path: string): Promise<Stats> {
  return stat(join(folder, path)).catch((cause: unknown) => {
    throw unreadable(folder, path, cause);
  });
}

/** The content of a file below a folder. Throws `UserError` where it cannot be read. */
export async function fileContent(folder: string, path: string): Promise<Buffer> {
  return readFile(join(folder, path)).catch((cause: unknown) => {
    throw unreadable(folder, path, cause);
  });
}

/** Its first bytes, at most `length`. Throws what `fs` throws. */
export async function fileHead(folder: string, path: string, length: number): Promise<Buffer> {
  const file = await open(join(folder, path));
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** The error for a file or folder below `folder` that cannot be read, by what `fs` says of it. */
export function unreadable(folder: string, what: string, cause: unknown): UserError {
  const { code, message } = cause as NodeJS.ErrnoException;
  const [why, remedy] =
    code === 'EACCES' || code === 'EPERM'
      ? ['permission denied', 'Let the user who runs this read it (chmod, chown), or take it out.']
      : code === 'ENOENT' || code === 'ELOOP'
        ? ['it is gone, or a link that leads nowhere', 'Take it out, or mend the link.']
        : [message, 'Take it out, or check the disk.'];
  return new UserError(`${what} cannot be read: ${why}`, { file: folder, remedy, cause });
}
