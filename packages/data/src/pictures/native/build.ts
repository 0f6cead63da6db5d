import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  unlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { UserError } from '@selfsup/kit/errors';
import { sha256 } from '@selfsup/kit/files';
import { cacheFolder } from '@selfsup/kit/folders';

const require = createRequire(import.meta.url);
const sources = ['pictures.cc', 'colour.h', 'resample.h', 'turbojpeg.h'];
// No fused multiply-add: it would round otherwise on processors that have it.
export const flags = ['-std=c++17', '-O3', '-ffp-contract=off', '-shared', '-fPIC', '-DNAPI_VERSION=8'];

/** Where npm has put libjpeg-turbo for this machine. Throws `UserError` where there is none for it. */
function turboJpeg(): string {
  const root = dirname(require.resolve('@julusian/jpeg-turbo/package.json'));
  const library = join(root, 'prebuilds', `jpeg-turbo-${process.platform}-${process.arch}`, 'libturbojpeg.so.0');
  if (existsSync(library)) return library;
  throw new UserError(`There is no libjpeg-turbo for ${process.platform} on ${process.arch}`, {
    file: library,
    remedy: 'Use Linux on x64 or arm64, or run npm ci again where the file was removed.',
  });
}

/** The workspace's own cache of built files; the user's, which may not exist, where that cannot be written. */
export function* buildFolders(): Generator<string> {
  const modules = /^(.*[\\/]node_modules)[\\/]/.exec(require.resolve('@julusian/jpeg-turbo/package.json'))?.[1];
  if (modules !== undefined) yield join(modules, '.cache', 'selfsup');
  yield join(cacheFolder(), 'native');
}

function compile(library: string, target: string): void {
  const partial = `${target}.${process.pid}-${randomUUID().slice(0, 8)}`;
  const [program = 'g++', ...first] = (process.env['CXX'] || 'g++').trim().split(/\s+/);
  const place = dirname(library);
  const headers = join(dirname(require.resolve('node-api-headers/package.json')), 'include');
  const command = [...flags, '-DNODE_GYP_MODULE_NAME=pictures', `-I${headers}`, join(import.meta.dirname, sources[0]!)];
  try {
    execFileSync(program, [...first, ...command, '-o', partial, library, `-Wl,-rpath,${place}`], { stdio: 'pipe' });
    renameSync(partial, target);
  } catch (cause) {
    const { code, stderr } = cause as { code?: string; stderr?: Buffer };
    const words = (stderr?.toString() ?? '').split('\n').filter((line) => /error|cannot|undefined/i.test(line));
    const what =
      code === 'ENOENT' ? `there is no ${program}` : words.slice(0, 3).join('; ') || (cause as Error).message;
    throw new UserError(`The picture code cannot be compiled: ${what}`, {
      file: join(import.meta.dirname, sources[0]!),
      remedy: 'Install a C++ compiler (Debian, Ubuntu: apt-get install g++), or set CXX to its command.',
      cause,
    });
  } finally {
    rmSync(partial, { force: true });
  }
}

/**
 * Path of the compiled addon. Built at the first call after a change of its sources (about two seconds), in a file of
 * its own name that is renamed when whole, so that processes and threads may ask at once.
 * Throws `UserError` without a C++ compiler or libjpeg-turbo.
 */
export function picturesAddon(): string {
  const library = turboJpeg();
  const parts = [...flags, library, ...sources.map((name) => readFileSync(join(import.meta.dirname, name), 'utf8'))];
  const name = `pictures-${sha256(parts.join('\0')).slice(0, 16)}.node`;
  let unwritable: { folder: string; cause: unknown } | undefined;
  for (const folder of buildFolders()) {
    const target = join(folder, name);
    if (existsSync(target)) return target;
    try {
      mkdirSync(folder, { recursive: true });
      accessSync(folder, constants.W_OK);
      removeOld(folder);
    } catch (error) {
      unwritable = { folder, cause: error };
      continue;
    }
    compile(library, target);
    return target;
  }
  throw new UserError('There is no folder to compile the picture code into', {
    file: unwritable?.folder,
    field: 'SELFSUP_CACHE',
    remedy: 'Set it to a folder that can be written.',
    cause: unwritable?.cause,
  });
}

/** Removes what older sources were compiled to; a file that a process still uses stays alive until it ends. */
function removeOld(folder: string): void {
  for (const name of readdirSync(folder)) if (/^pictures-\w+\.node$/.test(name)) unlinkSync(join(folder, name));
}
