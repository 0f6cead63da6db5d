import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { accessSync, constants, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UserError } from '@selfsup/kit/errors';
import { sha256 } from '@selfsup/kit/files';
import { cacheFolder } from '@selfsup/kit/folders';

const require = createRequire(import.meta.url);
// No fused multiply-add: it would round otherwise on processors that have it.
const flags = ['-std=c++17', '-O3', '-ffp-contract=off', '-shared', '-fPIC', '-DNAPI_VERSION=8'];

/** Native code that belongs to a module. */
interface NativeCode {
  /** Of the built file, as `selective-search`. */
  readonly name: string;
  /** In words, for errors. */
  readonly what: string;
  /** Its files, the one to compile first. By URL, by which code keys learn of them. */
  readonly sources: readonly URL[];
  /** A library that it needs, found again when the addon is loaded. */
  readonly library?: string;
}

/**
 * Path of an addon. Built at the first call after a change of its sources (about two seconds), in a file of its own name
 * that is renamed when whole, so that processes and threads may ask at once.
 * Throws `UserError` without a C++ compiler or a folder that can be written.
 */
export function buildAddon(code: NativeCode): string {
  const { name, sources, library = '' } = code;
  const parts = [...flags, library, ...sources.map((source) => readFileSync(source, 'utf8'))];
  const file = `${name}-${sha256(parts.join('\0')).slice(0, 16)}.node`;
  let unwritable: { folder: string; cause: unknown } | undefined;
  for (const folder of buildFolders()) {
    const target = join(folder, file);
    if (existsSync(target)) return target;
    try {
      mkdirSync(folder, { recursive: true });
      accessSync(folder, constants.W_OK);
      removeOld(folder, name);
    } catch (error) {
      unwritable = { folder, cause: error };
      continue;
    }
    compile(code, target);
    return target;
  }
  throw new UserError(`There is no folder to compile ${code.what} into`, {
    file: unwritable?.folder,
    field: 'SELFSUP_CACHE',
    remedy: 'Set it to a folder that can be written.',
    cause: unwritable?.cause,
  });
}

/** The workspace's own cache of built files; the user's, which may not exist, where that cannot be written. */
function* buildFolders(): Generator<string> {
  const modules = /^(.*[\\/]node_modules)[\\/]/.exec(require.resolve('node-api-headers/package.json'))?.[1];
  if (modules !== undefined) yield join(modules, '.cache', 'selfsup');
  yield join(cacheFolder(), 'native');
}

function compile({ name, what, sources, library }: NativeCode, target: string): void {
  const partial = `${target}.${process.pid}-${randomUUID().slice(0, 8)}`;
  const main = fileURLToPath(sources[0]!);
  const [program = 'g++', ...first] = (process.env['CXX'] || 'g++').trim().split(/\s+/);
  const headers = join(dirname(require.resolve('node-api-headers/package.json')), 'include');
  const command = [...first, ...flags, `-DNODE_GYP_MODULE_NAME=${name.replaceAll('-', '_')}`, `-I${headers}`, main];
  const linked = library === undefined ? [] : [library, `-Wl,-rpath,${dirname(library)}`];
  try {
    execFileSync(program, [...command, '-o', partial, ...linked], { stdio: 'pipe' });
    renameSync(partial, target);
  } catch (cause) {
    const { code, stderr } = cause as { code?: string; stderr?: Buffer };
    const words = (stderr?.toString() ?? '').split('\n').filter((line) => /error|cannot|undefined/i.test(line));
    const why = code === 'ENOENT' ? `there is no ${program}` : words.slice(0, 3).join('; ') || (cause as Error).message;
    throw new UserError(`${what[0]!.toUpperCase()}${what.slice(1)} cannot be compiled: ${why}`, {
      file: main,
      remedy: 'Install a C++ compiler (Debian, Ubuntu: apt-get install g++), or set CXX to its command.',
      cause,
    });
  } finally {
    rmSync(partial, { force: true });
  }
}

/** Removes what older sources were compiled to; a file that a process still uses stays alive until it ends. */
function removeOld(folder: string, name: string): void {
  const isOld = new RegExp(`^${name}-[0-9a-f]{16}\\.node$`);
  for (const file of readdirSync(folder)) if (isOld.test(file)) rmSync(join(folder, file), { force: true });
}
