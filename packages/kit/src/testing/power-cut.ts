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
/** A change of a name in a folder, and of another one where it is a rename. Both are as they are, wherever they stand. */
interface Change {
  readonly kind: Operation['kind'];
  readonly folder: Folder;
  readonly name: string;
  readonly node: File | Folder;
  readonly to?: { readonly folder: Folder; readonly name: string } | undefined;
  isSynced: boolean;
}

const isFolder = (one: File | Folder | undefined): one is Folder => one !== undefined && 'names' in one;
const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

/** Writes what is on the disk after the power was cut before operation `cut`, below `root`, where all begins empty. */
export function cutPower(
  operations: readonly Operation[],
  cut: number,
  root: string,
  model: Model,
  key: RandomKey,
): void {
  const { top, changes, files } = played(operations.slice(0, cut), root, model);
  const onDisk = new Map<Folder, Map<string, File | Folder>>();
  const namesIn = (folder: Folder): Map<string, File | Folder> =>
    onDisk.get(folder) ?? onDisk.set(folder, new Map()).get(folder)!;
  for (const { kind, folder, name, node, to } of surviving(changes, model, key)) {
    if (kind === 'C' || kind === 'M') namesIn(folder).set(name, node);
    else namesIn(folder).delete(name);
    if (to !== undefined) namesIn(to.folder).set(to.name, node);
  }
  files.forEach((file, i) => settle(file, i, key));
  rmSync(root, { recursive: true, force: true });
  const write = (folder: Folder, path: string): void => {
    mkdirSync(path, { recursive: true });
    for (const [name, one] of namesIn(folder)) {
      if (isFolder(one)) write(one, join(path, name));
      else writeFileSync(join(path, name), one.content);
    }
  };
  write(top, root);
}

/** Plays operations: which changes of names there were, and what of each file is not on the disk. */
function played(
  operations: readonly Operation[],
  root: string,
  model: Model,
): { top: Folder; changes: Change[]; files: File[] } {
  const top: Folder = { names: new Map() };
  const changes: Change[] = [];
  const files: File[] = [];
  const find = (path: string): File | Folder | undefined => {
    if (path !== root && !path.startsWith(`${root}/`)) throw new Error(`${path} is not below ${root}`);
    let found: File | Folder | undefined = top;
    for (const name of path.slice(root.length).split('/').slice(1))
      found = isFolder(found) ? found.names.get(name) : undefined;
    return found;
  };
  for (const { kind, path, to, ...rest } of operations) {
    const found = find(path);
    const folder = path === root ? undefined : find(dirname(path));
    if (kind === 'S') {
      if (found !== undefined && !isFolder(found)) while (found.pending.length > 0) take(found, found.pending.shift()!);
      for (const change of changes) {
        const isHere = change.folder === found || change.to?.folder === found;
        if (model === 'journal' || isHere) change.isSynced = true;
      }
    } else if (kind === 'W' || kind === 'T') {
      if (found !== undefined && !isFolder(found)) found.pending.push({ kind, path, ...rest });
    } else if (isFolder(folder)) {
      const node =
        kind === 'C' ? { content: Buffer.alloc(0), pending: [] } : kind === 'M' ? { names: new Map() } : found;
      if (node === undefined) continue;
      if (kind === 'C') files.push(node as File);
      const target = to === undefined ? undefined : { folder: find(dirname(to)) as Folder, name: nameOf(to) };
      if (kind === 'C' || kind === 'M') folder.names.set(nameOf(path), node);
      else folder.names.delete(nameOf(path));
      target?.folder.names.set(target.name, node);
      changes.push({ kind, folder, name: nameOf(path), node, to: target, isSynced: false });
    }
  }
  return { top, changes, files };
}

/** The changes of names that the disk has, by chance, as far as nothing was synced. */
function surviving(changes: readonly Change[], model: Model, key: RandomKey): Change[] {
  const last = changes.findLastIndex(({ isSynced }) => isSynced);
  if (model === 'journal') return changes.slice(0, last + 1 + integer(key, changes.length - last, 1));
  const foldersOf = ({ folder, to }: Change): Folder[] => (to === undefined ? [folder] : [folder, to.folder]);
  // What has to be there needs all that came before it in its folders.
  const needed = new Set<Folder>();
  const isNeeded = new Set<Change>();
  for (const change of [...changes].reverse()) {
    if (!change.isSynced && !foldersOf(change).some((folder) => needed.has(folder))) continue;
    isNeeded.add(change);
    for (const folder of foldersOf(change)) needed.add(folder);
  }
  const stopped = new Set<Folder>();
  return changes.filter((change, i) => {
    const isFree = !foldersOf(change).some((one) => stopped.has(one));
    const stays = isNeeded.has(change) || (isFree && uniform(key, 100 + i) < 0.6);
    if (!stays) for (const folder of foldersOf(change)) stopped.add(folder);
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
