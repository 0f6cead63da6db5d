import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

interface LockedPackage {
  readonly version?: string;
  readonly integrity?: string;
  readonly link?: boolean;
  readonly resolved?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/** `package-lock.json`: what is installed where. */
export interface Lockfile {
  /**
   * A package and all that it needs, as npm puts them in place: its place below `node_modules` to its version and, where
   * there is one, the beginning of its digest. `importer` is the absolute path of the file that imports it. A package that
   * is not in the lockfile has the version `unknown`.
   */
  subtree(name: string, importer: string): Readonly<Record<string, string>>;
}

const read = new Map<string, Lockfile>();

/** The lockfile of a workspace; empty where there is none. Read once in the life of the process. */
export function lockfileOf(root: string): Lockfile {
  let found = read.get(root);
  if (found === undefined) read.set(root, (found = parse(root)));
  return found;
}

/** Where the lockfile of a workspace lies. */
export function lockfilePath(root: string): string {
  return join(root, 'package-lock.json');
}

function parse(root: string): Lockfile {
  const file = lockfilePath(root);
  const packages = existsSync(file)
    ? (JSON.parse(readFileSync(file, 'utf8')) as { packages: Record<string, LockedPackage> }).packages
    : {};

  /** Place of what `name` means in the folder `from`: the nearest `node_modules` upwards that holds it. */
  const resolve = (from: string, name: string): string | undefined => {
    for (let folder = from; ; folder = parentOf(folder)) {
      const place = folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
      if (packages[place] !== undefined) return place;
      if (folder === '') return undefined;
    }
  };

  return {
    subtree(name, importer) {
      const folder = relative(root, dirname(importer));
      const first = resolve(folder.startsWith('..') ? '' : folder, name);
      if (first === undefined) return { [name]: 'unknown' };
      const found = new Map<string, string>();
      const waiting = [first];
      for (let place = waiting.pop(); place !== undefined; place = waiting.pop()) {
        const label = place.slice(place.indexOf('node_modules/') + 'node_modules/'.length);
        if (found.has(label) || label.includes('@types/')) continue;
        const { version, integrity, ...locked } = packages[place]!;
        found.set(
          label,
          [version ?? 'unknown', ...(integrity === undefined ? [] : [integrity.slice(0, 19)])].join(' '),
        );
        const needs = { ...locked.peerDependencies, ...locked.optionalDependencies, ...locked.dependencies };
        for (const need of Object.keys(needs)) {
          const next = resolve(place, need);
          if (next !== undefined) waiting.push(next);
        }
      }
      return Object.fromEntries(found);
    },
  };
}

/** The folder above in which npm looks: that around the last `node_modules`, or the next one upwards. */
function parentOf(folder: string): string {
  const at = folder.lastIndexOf('/');
  const parent = at < 0 ? '' : folder.slice(0, at);
  return parent.endsWith('node_modules') ? parentOf(parent) : parent;
}
