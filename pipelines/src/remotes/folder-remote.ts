import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { link, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join, relative, sep } from 'node:path';
import { sha256File } from '@selfsup/kit/files';
import { NotThere, type Content, type Listed, type Remote, type WriteOptions } from './remote.ts';

/** Where objects grow before they are seen, named by digest, host and process. */
const growing = 'arriving';
/** Of another machine nobody can ask whether a writer is there: what did not grow for so long is gone on with. */
const abandonedAfter = 10 * 60_000;

/** A folder on a disk that all see: a network disk, a mounted bucket. */
export function folderRemote(name: string, root: string): Remote {
  const at = (path: string): string => join(root, path);
  return {
    name,
    url: root,
    async size(path) {
      return (await stat(at(path)).catch(ignoreAbsence))?.size;
    },
    async read(path, from) {
      if ((await stat(at(path)).catch(ignoreAbsence)) === undefined) throw new NotThere(path, { url: root });
      return createReadStream(at(path), { start: from, highWaterMark: 1 << 20 });
    },
    async *list(prefix): AsyncIterable<Listed> {
      for (const entry of await readdir(at(prefix), { withFileTypes: true, recursive: true }).catch(() => [])) {
        if (!entry.isFile()) continue;
        const file = join(entry.parentPath, entry.name);
        const state = await stat(file).catch(ignoreAbsence);
        if (state === undefined) continue;
        yield { path: relative(root, file).split(sep).join('/'), bytes: state.size, modified: state.mtime };
      }
    },
    async write(path, content, options = {}) {
      if ((await stat(at(path)).catch(ignoreAbsence)) !== undefined) return 'there';
      const temporary = await grow(join(root, growing), content, options);
      await mkdir(dirname(at(path)), { recursive: true });
      const isNew = await giveName(temporary, at(path));
      await rm(temporary, { force: true });
      return isNew ? 'written' : 'there';
    },
    async remove(path) {
      await rm(at(path), { force: true });
    },
    async sweep(minAge) {
      for (const one of await readdir(join(root, growing)).catch((): string[] => [])) {
        const file = join(root, growing, one);
        const state = await stat(file).catch(ignoreAbsence);
        if (state !== undefined && Date.now() - state.mtimeMs > minAge) await rm(file, { force: true });
      }
    },
  };
}

/** Writes content to a file of its own, from where one that is gone stopped. Throws where what arrived is not what was sent. */
async function grow(folder: string, content: Content, { signal, onBytes }: WriteOptions): Promise<string> {
  await mkdir(folder, { recursive: true });
  const file = join(folder, `${content.sha256}.${hostname()}.${process.pid}.${randomUUID().slice(0, 8)}`);
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
  if ((await sha256File(file)) === content.sha256) return file;
  await rm(file, { force: true });
  throw new Error('what arrived is not what was sent');
}

/** Takes over what a writer that is gone had of the same content, by a rename, so that one alone gets it. Gives its bytes. */
async function adopt(folder: string, content: Content, file: string): Promise<number> {
  for (const name of await readdir(folder)) {
    if (!name.startsWith(`${content.sha256}.`) || !(await isAbandoned(folder, name))) continue;
    await rename(join(folder, name), file).catch(ignoreAbsence);
    const bytes = (await stat(file).catch(ignoreAbsence))?.size;
    if (bytes !== undefined && bytes <= content.bytes) return bytes;
    await rm(file, { force: true });
  }
  return 0;
}

async function isAbandoned(folder: string, name: string): Promise<boolean> {
  const [, host, pid] = /^[0-9a-f]{64}\.(.*)\.(\d+)\.[^.]*$/.exec(name) ?? [];
  const state = await stat(join(folder, name)).catch(ignoreAbsence);
  if (state === undefined) return false;
  if (host === hostname() && !isRunning(Number(pid))) return true;
  return Date.now() - state.mtimeMs > abandonedAfter;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
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
    if ((await stat(name).catch(ignoreAbsence)) !== undefined) return false;
    await rename(file, name);
    return true;
  }
}

function ignoreAbsence(error: unknown): undefined {
  if (!['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
}
