import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { integer, uniform, type RandomKey } from '../random.ts';

/** A line of what faulty-disk.c writes down. */
export interface Operation {
  /** Create, write, truncate, sync, rename, unlink, make or remove a folder. */
  readonly kind: 'C' | 'W' | 'T' | 'S' | 'R' | 'U' | 'M' | 'D';
  readonly path: string;
  /** Of a rename. */
  readonly to?: string;
  readonly offset?: number;
  readonly length?: number;
  readonly data?: Buffer;
}

/** Reads what faulty-disk.c has written down. */
export function readLog(file: string): Operation[] {
  const bytes = readFileSync(file);
  const found: Operation[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf(10, at);
    const [kind, ...rest] = bytes.toString('utf8', at, end).split('\t') as [Operation['kind'] | 'N', ...string[]];
    at = end + 1;
    if (kind === 'W') {
      const [offset, length, path] = rest as [string, string, string];
      found.push({ kind, path, offset: Number(offset), data: bytes.subarray(at, at + Number(length)) });
      at += Number(length);
    } else if (kind === 'T') found.push({ kind, path: rest[1]!, length: Number(rest[0]) });
    else if (kind === 'R') found.push({ kind, path: rest[0]!, to: rest[1]! });
    else if (kind !== 'N') found.push({ kind, path: rest[0]! });
  }
  return found;
}

/**
 * What a file system promises of names that nobody has synced. `journal`, as ext4, XFS and Btrfs: they reach the disk in
 * the order in which they were changed, all of them when anything is synced. `folders`: each folder by itself, when that
 * folder is synced; in one folder they keep their order.
 */
export type Model = 'journal' | 'folders';

interface File {
  content: Buffer;
  /** Not on the disk yet. */
  pending: Operation[];
}
interface Folder {
  readonly names: Map<string, File | Folder>;
}
interface Change {
  readonly operation: Operation;
  readonly folders: readonly Folder[];
  readonly file?: File | undefined;
  isSynced: boolean;
}

const isFolder = (one: File | Folder | undefined): one is Folder => one !== undefined && 'names' in one;

/** Names and files below a root. */
class Tree {
  readonly root: Folder = { names: new Map() };
  readonly #above: string;

  constructor(above: string) {
    this.#above = above;
  }

  find(path: string): File | Folder | undefined {
    let found: File | Folder | undefined = this.root;
    for (const name of this.#names(path)) found = isFolder(found) ? found.names.get(name) : undefined;
    return found;
  }

  folderOf(path: string): Folder | undefined {
    const found = this.find(dirname(path));
    return isFolder(found) ? found : undefined;
  }

  #names(path: string): string[] {
    return path
      .slice(this.#above.length)
      .split('/')
      .filter((name) => name !== '');
  }

  /** Changes names; false where what it is about is not there. */
  apply({ kind, path, to }: Operation, file?: File): boolean {
    const name = path.slice(path.lastIndexOf('/') + 1);
    const folder = this.folderOf(path);
    if (path === this.#above) return true;
    if (folder === undefined) return false;
    if (kind === 'C') folder.names.set(name, file!);
    else if (kind === 'M') folder.names.set(name, { names: new Map() });
    else if (kind === 'U' || kind === 'D') folder.names.delete(name);
    else if (kind === 'R') {
      const moved = folder.names.get(name);
      const target = this.folderOf(to!);
      if (moved === undefined || target === undefined) return false;
      folder.names.delete(name);
      target.names.set(to!.slice(to!.lastIndexOf('/') + 1), moved);
    }
    return true;
  }
}

/** Writes what is on the disk after the power was cut before operation `cut`, below `root`, where all begins empty. */
export function cutPower(
  operations: readonly Operation[],
  cut: number,
  root: string,
  model: Model,
  key: RandomKey,
): void {
  const { changes, files } = played(operations.slice(0, cut), root, model);
  const survivors = surviving(changes, model, key);
  const tree = new Tree(root);
  for (const { operation, file } of survivors) tree.apply(operation, file);
  [...files].forEach((file, i) => settle(file, i, key));
  rmSync(root, { recursive: true, force: true });
  write(tree.root, root);
}

/** Plays operations: which changes of names there were, and what of each file is not on the disk. */
function played(operations: readonly Operation[], root: string, model: Model): { changes: Change[]; files: Set<File> } {
  const now = new Tree(root);
  const changes: Change[] = [];
  const files = new Set<File>();
  for (const operation of operations) {
    const { kind, path, to } = operation;
    const found = now.find(path);
    if (kind === 'S') {
      if (found !== undefined && !isFolder(found)) while (found.pending.length > 0) take(found, found.pending.shift()!);
      for (const change of changes) {
        if (model === 'journal' || change.folders.includes(found as Folder)) change.isSynced = true;
      }
    } else if (kind === 'W' || kind === 'T') {
      if (found !== undefined && !isFolder(found)) found.pending.push(operation);
    } else {
      const file = kind === 'C' ? { content: Buffer.alloc(0), pending: [] } : undefined;
      if (file !== undefined) files.add(file);
      const folders = [now.folderOf(path), to === undefined ? undefined : now.folderOf(to)].filter(
        (one) => one !== undefined,
      );
      if (now.apply(operation, file)) changes.push({ operation, folders, file, isSynced: false });
    }
  }
  return { changes, files };
}

/** The changes of names that the disk has, by chance, as far as nothing was synced. */
function surviving(changes: readonly Change[], model: Model, key: RandomKey): Change[] {
  const last = changes.findLastIndex(({ isSynced }) => isSynced);
  if (model === 'journal') return changes.slice(0, last + 1 + integer(key, changes.length - last, 1));
  // What has to be there needs all that came before it in its folders.
  const needed = new Set<Folder>();
  const isNeeded = new Set<Change>();
  for (const change of [...changes].reverse()) {
    if (!change.isSynced && !change.folders.some((folder) => needed.has(folder))) continue;
    isNeeded.add(change);
    for (const folder of change.folders) needed.add(folder);
  }
  const stopped = new Set<Folder>();
  return changes.filter((change, i) => {
    const stays =
      isNeeded.has(change) || (!change.folders.some((one) => stopped.has(one)) && uniform(key, 100 + i) < 0.6);
    if (!stays) for (const folder of change.folders) stopped.add(folder);
    return stays;
  });
}

/** What of the unsynced writes of a file has reached the disk: each by chance all of it, some sectors, only its length, or nothing. */
function settle(file: File, which: number, key: RandomKey): void {
  for (const [i, operation] of file.pending.entries()) {
    const chance = uniform(key, 1_000_000 + which * 1000 + i);
    const { data } = operation;
    if (chance < 0.4) take(file, operation);
    else if (data !== undefined && chance < 0.6) {
      take(file, {
        ...operation,
        data: data.subarray(0, Math.floor((data.length * (chance - 0.4)) / 0.2 / 512) * 512),
      });
    } else if (data !== undefined && chance < 0.8) take(file, { ...operation, data: Buffer.alloc(data.length) });
  }
}

function take(file: File, { kind, offset = 0, length = 0, data }: Operation): void {
  const size = kind === 'T' ? length : Math.max(file.content.length, offset + data!.length);
  const content = Buffer.alloc(size);
  file.content.copy(content);
  if (kind === 'W') data!.copy(content, offset);
  file.content = content;
}

function write(folder: Folder, path: string): void {
  mkdirSync(path, { recursive: true });
  for (const [name, one] of folder.names) {
    if (isFolder(one)) write(one, join(path, name));
    else writeFileSync(join(path, name), one.content);
  }
}
