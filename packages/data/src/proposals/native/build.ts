import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { UserError } from '@selfsup/kit/errors';
import { sha256 } from '@selfsup/kit/files';
import { buildFolders, flags } from '../../pictures/native/build.ts';

const require = createRequire(import.meta.url);
const sources = ['selective-search.cc', 'grouping.h', 'segmentation.h', 'planes.h'];
const main = join(import.meta.dirname, sources[0]!);

/**
 * Path of the compiled addon, built at the first call after a change of its sources, as the picture code is. Throws `UserError`
 * without a C++ compiler or a folder that can be written.
 */
export function selectiveSearchAddon(): string {
  const parts = [...flags, ...sources.map((name) => readFileSync(join(import.meta.dirname, name), 'utf8'))];
  const name = `selective-search-${sha256(parts.join('\0')).slice(0, 16)}.node`;
  const folders = [...buildFolders()];
  const built = folders.map((folder) => join(folder, name)).find((target) => existsSync(target));
  if (built !== undefined) return built;
  const headers = join(dirname(require.resolve('node-api-headers/package.json')), 'include');
  const [program = 'g++', ...first] = (process.env['CXX'] || 'g++').trim().split(/\s+/);
  const command = [...first, ...flags, '-DNODE_GYP_MODULE_NAME=selective_search', `-I${headers}`, main, '-o'];
  let problem: unknown;
  for (const folder of folders) {
    const partial = join(folder, `${name}.${process.pid}-${randomUUID().slice(0, 8)}`);
    try {
      mkdirSync(folder, { recursive: true });
      execFileSync(program, [...command, partial], { stdio: 'pipe' });
      renameSync(partial, join(folder, name));
      return join(folder, name);
    } catch (cause) {
      problem = cause;
    } finally {
      rmSync(partial, { force: true });
    }
  }
  throw new UserError(`The code of selective search cannot be compiled: ${(problem as Error).message}`, {
    file: main,
    remedy: 'Install a C++ compiler (Debian, Ubuntu: apt-get install g++), or set CXX to its command.',
    cause: problem,
  });
}
