import { existsSync, readFileSync } from 'node:fs';
import { readFile, realpath } from 'node:fs/promises';
import { builtinModules } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import type { Plugin } from 'esbuild';
import { UserError } from '@selfsup/engine/errors';
import { canonicalJson, sha256 } from '@selfsup/engine/files';
import type { Workspace } from './workspace.ts';

/** What a stage's code amounts to: the files that its result can depend on. */
export interface CodeKey {
  readonly key: string;
  /** Path from the workspace root to the hash of the file without types, comments and white space. */
  readonly files: Readonly<Record<string, string>>;
  /** Third-party packages reached, with their versions. */
  readonly packages: Readonly<Record<string, string>>;
}

const cache = new Map<string, Promise<CodeKey>>();

/**
 * Follows the imports of `roots` (absolute paths) through our own packages, leaving out what is not used, and
 * hashes the files reached. Remembered for the life of the process. Throws `UserError` when a file cannot be parsed.
 */
export function codeKey(workspace: Workspace, roots: readonly string[]): Promise<CodeKey> {
  const sorted = [...new Set(roots)].sort();
  const name = [workspace.root, ...sorted].join('\n');
  let found = cache.get(name);
  if (found === undefined) cache.set(name, (found = compute(workspace, sorted)));
  return found;
}

const builtins = new Set(builtinModules);

async function compute(workspace: Workspace, roots: readonly string[]): Promise<CodeKey> {
  const esbuild = await import('esbuild');
  const root = await realpath(workspace.root);
  let entries = await Promise.all(roots.map((file) => realpath(file)));
  let files: string[];
  let external: Set<string>;
  for (;;) {
    const result = await esbuild
      .build({
        entryPoints: entries,
        absWorkingDir: root,
        bundle: true,
        write: false,
        metafile: true,
        treeShaking: true,
        format: 'esm',
        platform: 'node',
        outdir: '/unused',
        outbase: '/',
        logLevel: 'silent',
        plugins: [keepThirdPartyOut],
      })
      .catch((cause: { errors?: { text: string; location?: { file: string; line: number } | null }[] }) => {
        const first = cause.errors?.[0];
        if (first === undefined) throw cause;
        throw new UserError(`Cannot be compiled: ${first.text}`, {
          file: first.location ? `${first.location.file}:${first.location.line}` : roots[0],
          remedy: 'Mend this source file.',
          cause,
        });
      });
    const reached = new Set(entries);
    external = new Set();
    for (const output of Object.values(result.metafile.outputs)) {
      for (const [file, { bytesInOutput }] of Object.entries(output.inputs)) {
        if (bytesInOutput > 0) reached.add(resolve(root, file));
      }
      for (const { path, external: isExternal } of output.imports) {
        if (isExternal === true && !path.startsWith('node:') && !builtins.has(path)) external.add(packageOf(path));
      }
    }
    files = [...reached].sort();
    const workers = (await Promise.all(files.map(workerFiles))).flat().filter((file) => !reached.has(file));
    if (workers.length === 0) break;
    entries = [...new Set([...entries, ...workers])].sort();
  }
  const natives = [...new Set((await Promise.all(files.map(nativeFiles))).flat())].sort();
  const hashes = await Promise.all([
    ...natives.map(async (file) => [nameOf(root, file), sha256(await readFile(file))] as const),
    ...files.map(async (file) => {
      const loader = file.endsWith('ts') ? 'ts' : file.endsWith('.json') ? 'json' : 'js';
      const { code } = await esbuild.transform(await readFile(file, 'utf8'), {
        loader,
        minifyWhitespace: true,
        legalComments: 'none',
      });
      return [nameOf(root, file), sha256(code)] as const;
    }),
  ]);
  const byName = Object.fromEntries(hashes.sort(([a], [b]) => (a < b ? -1 : 1)));
  const packages = Object.fromEntries([...external].sort().map((name) => [name, versionOf(root, name)]));
  return { key: sha256(canonicalJson({ files: byName, packages })), files: byName, packages };
}

const keepThirdPartyOut: Plugin = {
  name: 'keep-third-party-out',
  setup(build) {
    build.onResolve({ filter: /^[^./]/ }, ({ path, kind }) =>
      kind === 'entry-point' || path.startsWith('@selfsup/') ? undefined : { path, external: true, sideEffects: false },
    );
  },
};

/** Files that a source file starts as workers, which no import names: `new URL('./worker.ts', import.meta.url)`. */
async function workerFiles(file: string): Promise<string[]> {
  return (await filesByUrl(file)).filter((path) => /\.(?:ts|js|mjs)$/.test(path));
}

/** Native code that a source file compiles, named likewise. */
async function nativeFiles(file: string): Promise<string[]> {
  return (await filesByUrl(file)).filter((path) => /\.(?:cc|h)$/.test(path));
}

async function filesByUrl(file: string): Promise<string[]> {
  const text = await readFile(file, 'utf8');
  return [...text.matchAll(/new URL\(\s*['"](\.[^'"]+\.\w+)['"]\s*,\s*import\.meta\.url/g)]
    .map(([, path]) => resolve(dirname(file), path!))
    .filter((path) => existsSync(path));
}

/** Path from the workspace root; a file outside is named by its package, so that no place of a machine is in a key. */
function nameOf(root: string, file: string): string {
  const path = relative(root, file);
  if (!path.startsWith('..')) return path;
  for (let folder = dirname(file); folder !== dirname(folder); folder = dirname(folder)) {
    const manifest = join(folder, 'package.json');
    if (existsSync(manifest)) {
      const { name } = JSON.parse(readFileSync(manifest, 'utf8')) as { name: string };
      return join(name, relative(folder, file));
    }
  }
  return path;
}

function packageOf(path: string): string {
  const segments = path.split('/');
  return segments.slice(0, path.startsWith('@') ? 2 : 1).join('/');
}

const lockfiles = new Map<string, Record<string, { version?: string }>>();

function versionOf(root: string, name: string): string {
  let packages = lockfiles.get(root);
  if (packages === undefined) {
    try {
      const text = readFileSync(join(root, 'package-lock.json'), 'utf8');
      packages = (JSON.parse(text) as { packages: Record<string, { version?: string }> }).packages;
    } catch {
      packages = {};
    }
    lockfiles.set(root, packages);
  }
  return packages[`node_modules/${name}`]?.version ?? 'unknown';
}
