import { realpath } from 'node:fs/promises';
import { canonicalJson, sha256 } from '@selfsup/kit/files';
import type { Workspace } from '../../declare/workspace.ts';
import { rootKey } from './kept-keys.ts';

/**
 * What a stage's code amounts to. The key is a hash of what its modules compute: of the declarations that they reach, each
 * with what it names in the place of the names, the contents of native code and other files named by URL, and the versions
 * of the packages reached with all that those need. Names and places of files and declarations, their order, comments,
 * types, messages of errors, progress, and checks that only refuse a config are no part of it, nor are files that begin with
 * `// @no-effect-on-results`.
 */
export interface CodeKey {
  readonly key: string;
  /** Path from the workspace root to a hash of what is reached of that file. For people. */
  readonly files: Readonly<Record<string, string>>;
  /** Packages of others reached and all that they need, by place, to their versions. */
  readonly packages: Readonly<Record<string, string>>;
  /** Of the files with code: name of each declaration reached to a hash of it by itself. For people. */
  readonly declarations?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

const known = new Map<string, Promise<CodeKey>>();

/**
 * The key of what the modules `roots` (absolute paths) compute. Remembered for the life of the process, and in the user's
 * cache while no file has changed. Throws `UserError` when a file cannot be parsed.
 */
export function codeKey(workspace: Workspace, roots: readonly string[]): Promise<CodeKey> {
  const name = [workspace.root, ...new Set(roots)].join('\n');
  let found = known.get(name);
  if (found === undefined) known.set(name, (found = keyOfRoots(workspace, roots)));
  return found;
}

async function keyOfRoots(workspace: Workspace, roots: readonly string[]): Promise<CodeKey> {
  const root = await realpath(workspace.root);
  const files = await Promise.all([...new Set(roots)].map((file) => realpath(file)));
  const keys = await Promise.all(files.map((file) => rootKey(root, file)));
  const declarations: Record<string, Record<string, string>> = {};
  for (const key of keys) {
    for (const [file, found] of Object.entries(key.declarations))
      declarations[file] = { ...declarations[file], ...found };
  }
  const contents = Object.assign({}, ...keys.map((key) => key.contents)) as Record<string, string>;
  const packages = sorted(Object.assign({}, ...keys.map((key) => key.packages)) as Record<string, string>);
  const ofCode = Object.entries(declarations).map(([file, found]) => [file, sha256(canonicalJson(found))] as const);
  const versions = new Set(
    Object.entries(packages).map(([place, version]) => `${place.split('node_modules/').at(-1)} ${version}`),
  );
  return {
    key: sha256(canonicalJson({ roots: keys.map(({ hash }) => hash).sort(), packages: [...versions].sort() })),
    files: sorted({ ...Object.fromEntries(ofCode), ...contents }),
    packages,
    declarations: sorted(declarations),
  };
}

function sorted<T>(map: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1)));
}
