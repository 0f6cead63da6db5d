import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { link, mkdir, open, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { sha256, sha256File } from '@selfsup/kit/files';
import { stateOf, thisOwner, type Owner } from '@selfsup/kit/lease-owner';
import { clockOfDisk } from '../store/time-of-disk.ts';
import { NotThere, Refused, type Content, type Listed, type Remote, type WriteOptions } from './remote.ts';

/** Where objects grow before they are seen, named by digest and by who writes them. */
const growing = 'arriving';

/** A folder on a disk that all see: a network disk, a mounted bucket. */
export function folderRemote(name: string, root: string): Remote {
  const at = (path: string): string => join(root, path);
  const now = clockOfDisk(root);
  const listPaths = async function* (prefix: string): AsyncIterable<{ path: string }> {
    if ((await stateAt(at(prefix))) === undefined) return;
    for await (const file of filesBelow(at(prefix))) yield { path: relative(root, file).split(sep).join('/') };
  };
  return {
    name,
    url: root,
    async size(path) {
      return (await stateAt(at(path)))?.size;
    },
    async read(path, from) {
      if ((await stateAt(at(path))) === undefined) throw new NotThere(path, { url: root });
      return createReadStream(at(path), { start: from, highWaterMark: 1 << 20 });
    },
    async *list(prefix): AsyncIterable<Listed> {
      for await (const { path } of listPaths(prefix)) {
        const state = await stateAt(at(path));
        // It may have gone meanwhile.
        if (state !== undefined) yield { path, bytes: state.size, modified: state.mtime };
      }
    },
    listPaths,
    write(path, content, options = {}) {
      return writeOnce({ root, now }, at(path), content, options).catch(sayLasting);
    },
    async remove(path) {
      await rm(at(path), { force: true }).catch(sayLasting);
    },
    async sweep(minAge) {
      for (const one of (await readdir(join(root, growing)).catch(ignoreAbsence)) ?? []) {
        const state = await stateAt(join(root, growing, one));
        if (state !== undefined && (await now()) - state.mtimeMs > minAge)
          await rm(join(root, growing, one), { force: true });
      }
    },
    now,
  };
}

/** Files below a folder, links followed. Throws for what cannot be read, such as a link to a disk that is not there. */
async function* filesBelow(folder: string): AsyncGenerator<string> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    const kind = entry.isSymbolicLink() ? await stat(path) : entry;
    if (kind.isDirectory()) yield* filesBelow(path);
    else if (kind.isFile()) yield path;
  }
}

/** Names of files that this process is writing. */
const written = new Set<string>();

/** The folder of a remote, and its time. */
interface Disk {
  readonly root: string;
  now(): Promise<number>;
}

async function writeOnce(
  { root, now }: Disk,
  path: string,
  content: Content,
  options: WriteOptions,
): Promise<'written' | 'there'> {
  if ((await stateAt(path)) !== undefined) {
    // A record may be about to name it: to gc it is as young as if it were new.
    const time = new Date(await now());
    await utimes(path, time, time).catch(() => undefined);
    await clear(root, content.sha256);
    return 'there';
  }
  const folder = join(root, growing);
  const name = nameOf(content.sha256);
  written.add(name);
  try {
    await mkdir(folder, { recursive: true });
    await grow(folder, name, content, options);
    await mkdir(dirname(path), { recursive: true });
    const isNew = await giveName(join(folder, name), path);
    await rm(join(folder, name), { force: true });
    return isNew ? 'written' : 'there';
  } finally {
    written.delete(name);
  }
}

/** Writes content to a file of its own, from where one that is gone stopped. Throws where what arrived is not what was sent. */
async function grow(folder: string, name: string, content: Content, { signal, onBytes }: WriteOptions): Promise<void> {
  const file = join(folder, name);
  const from = await adopt(folder, content, file);
  onBytes?.(from);
  const handle = await open(file, 'a');
  try {
    for await (const chunk of content.open(from)) {
      signal?.throwIfAborted();
      await handle.writeFile(chunk as Buffer);
      onBytes?.((chunk as Buffer).length);
    }
    if (content.bytes > 0) await handle.sync();
  } finally {
    await handle.close();
  }
  if ((await sha256File(file)) === content.sha256) return;
  await rm(file, { force: true });
  throw new Error('what arrived is not what was sent');
}

/** Removes what writers that are gone left of content that is there: one was killed between its second name and this. */
async function clear(root: string, digest: string): Promise<void> {
  for (const name of await leftOf(join(root, growing), digest)) await rm(join(root, growing, name), { force: true });
}

/** Names of files with some of a content, whose writers are gone. */
async function leftOf(folder: string, digest: string): Promise<string[]> {
  const names = (await readdir(folder).catch(ignoreAbsence)) ?? [];
  return names.filter((name) => name.startsWith(`${digest}.`) && isLeft(name));
}

/** Takes over what a writer that is gone had of the same content, by a rename, so that one alone gets it. Gives its bytes. */
async function adopt(folder: string, content: Content, file: string): Promise<number> {
  for (const name of await leftOf(folder, content.sha256)) {
    await rename(join(folder, name), file).catch(ignoreAbsence);
    const bytes = (await stateAt(file))?.size;
    if (bytes !== undefined && bytes <= content.bytes) return bytes;
    await rm(file, { force: true });
  }
  return 0;
}

let self: Owner | undefined;

/** This process; boot and space of process numbers are digested into one word, which fits into the name of a file. */
function writer(): Owner {
  if (self !== undefined) return self;
  const owner = thisOwner();
  const isKnown = owner.boot !== '' && owner.pidNamespace !== '';
  const space = isKnown ? sha256(`${owner.boot} ${owner.pidNamespace}`).slice(0, 16) : '';
  return (self = { ...owner, boot: space, pidNamespace: space });
}

function nameOf(digest: string): string {
  const { boot, pid, started } = writer();
  return [digest, boot, pid, started, randomUUID().slice(0, 8)].join('.');
}

/**
 * Whether nobody writes to a file any more for certain. Of a process on another machine nobody knows: it might have the
 * file open and write on once the object is seen.
 */
function isLeft(name: string): boolean {
  const [, boot, pid, started] = /^[0-9a-f]{64}\.([0-9a-f]{16})\.(\d+)\.(\d+)\.[^.]*$/.exec(name) ?? [];
  if (boot === undefined || written.has(name)) return false;
  const me = writer();
  if (boot === me.boot && Number(pid) === me.pid && started === me.started) return true;
  return (
    stateOf({ ...me, boot, pidNamespace: boot, pid: Number(pid), started: started!, job: undefined }, me) === 'gone'
  );
}

/** Gives a file a second name unless that is taken; where a disk has no second names, by a rename after a look. */
async function giveName(file: string, name: string): Promise<boolean> {
  try {
    await link(file, name);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(code ?? '')) throw error;
    if ((await stateAt(name)) !== undefined) return false;
    await rename(file, name);
    return true;
  }
}

async function stateAt(path: string) {
  return stat(path).catch(ignoreAbsence);
}

function ignoreAbsence(error: unknown): undefined {
  if (!['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
}

/** Without rights or room the disk will answer the same again. */
function sayLasting(error: NodeJS.ErrnoException): never {
  const isLasting = ['EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'EDQUOT'].includes(error.code ?? '');
  throw isLasting ? new Refused(error.message) : error;
}
