import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import lockfile from 'proper-lockfile';
import { UserError } from '../errors.ts';
import type { Progress } from '../progress.ts';
import { compileAddon, findCompiler } from './addon.ts';
import { diskFull, requireSpace } from './machine.ts';
import { ADDON, GUARD, STAMP, inspectRoot, sizes, tfjsVersion, type EngineStamp } from './place.ts';
import { unpackedPath, type Recipe } from './recipe.ts';
import type { SmokeResult } from './smoke.ts';
import { unpack } from './unpack.ts';
import { fetchWheel, findPython } from './wheels.ts';

const DAY_MS = 86_400_000;

/** What building an engine needs to know. */
export interface BuildOptions {
  readonly id: string;
  readonly recipe: Recipe;
  /** Folder of all engines of this user. */
  readonly engines: string;
  readonly packageFolder: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly progress: Progress;
  readonly smoke: (addon: string) => Promise<SmokeResult>;
  readonly freeBytes?: ((folder: string) => Promise<number>) | undefined;
}

/**
 * Builds `engines/<id>` unless it stands there whole. Everything happens in a folder of this process that is renamed
 * when finished, so what is found under the name is whole; a lock merely saves a second set-up the double work.
 * Returns the bytes downloaded. Throws `UserError` for whatever the user can mend.
 */
export async function buildEngine(options: BuildOptions): Promise<number> {
  const { engines, progress } = options;
  const root = join(engines, options.id);
  await mkdir(engines, { recursive: true }).catch((error: unknown) => {
    // Whatever code it carries: Node says ENOENT on a read-only disk.
    throw unwritable(error as Error, engines);
  });
  try {
    const release = await lockOrFind(engines, root, progress);
    if (release === undefined) return 0;
    try {
      if (inspectRoot(root).ok) return 0;
      const partial = join(engines, `.partial-${process.pid}-${randomUUID().slice(0, 8)}@${hostname()}`);
      try {
        await mkdir(partial);
        await removeLeftovers(engines);
        return await buildIn(partial, root, options);
      } finally {
        await rm(partial, { recursive: true, force: true });
      }
    } finally {
      await release().catch(() => undefined);
    }
  } catch (error) {
    throw explained(error, engines);
  }
}

function explained(error: unknown, folder: string): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  if (error instanceof UserError) return error;
  if (code === 'ENOSPC' || code === 'EDQUOT') return diskFull(folder, message, error);
  return code === 'EACCES' || code === 'EPERM' || code === 'EROFS' ? unwritable(error as Error, folder) : error;
}

function unwritable(error: Error, folder: string): UserError {
  return new UserError(`Cannot write the engine: ${error.message}`, {
    file: folder,
    remedy: 'Make that folder writable for you, or set SELFSUP_CACHE to one that is.',
    cause: error,
  });
}

/** Takes the lock, or returns undefined once another process has built the engine. */
async function lockOrFind(
  engines: string,
  root: string,
  progress: Progress,
): Promise<(() => Promise<void>) | undefined> {
  const lockfilePath = join(engines, '.lock');
  let waits = 0;
  for (;;) {
    try {
      return await lockfile.lock(engines, {
        lockfilePath,
        stale: 10_000,
        update: 2_000,
        // A machine that slept loses its lock; both builders then finish, each in its own folder.
        onCompromised: () => progress.note('Another set-up may be running beside this one; both will finish.'),
      });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ELOCKED') throw error;
    }
    if (inspectRoot(root).ok) return undefined;
    waits++;
    if (waits === 1) progress.note('Another set-up of the engine is running, or was killed just now; waiting for it.');
    // A killed builder cannot give its lock back; it need not be waited for until the lock is stale.
    if (waits >= 3 && !(await someoneBuilds(engines))) await rm(lockfilePath, { recursive: true, force: true });
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

/** A builder's private folder: whose it is, and whether that process may still be at work. */
async function buildersOf(engines: string): Promise<{ path: string; dead: boolean }[]> {
  const found: { path: string; dead: boolean }[] = [];
  for (const name of await readdir(engines)) {
    const match = /^\.(?:partial|broken)-(\d+)-\w+@(.*)$/.exec(name);
    if (match === null) continue;
    const path = join(engines, name);
    const old = Date.now() - ((await stat(path).catch(() => undefined))?.mtimeMs ?? Date.now()) > DAY_MS;
    found.push({ path, dead: old || (match[2] === hostname() && !isAlive(Number(match[1]))) });
  }
  return found;
}

async function someoneBuilds(engines: string): Promise<boolean> {
  return (await buildersOf(engines)).some(({ dead }) => !dead);
}

/** Removes what killed set-ups of this machine left behind, and anything older than a day. */
async function removeLeftovers(engines: string): Promise<void> {
  for (const { path, dead } of await buildersOf(engines)) {
    if (dead) await rm(path, { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function buildIn(partial: string, root: string, options: BuildOptions): Promise<number> {
  const { engines, environment, packageFolder, progress, recipe } = options;
  // All tools first: who lacks a compiler should not wait for the download to hear it.
  const compiler = await findCompiler(environment);
  const python = await findPython(environment);
  const keepFolder = join(engines, 'wheels');
  const missing = recipe.wheels.filter((wheel) => !existsSync(join(keepFolder, wheel.file)));
  const bytes = missing.reduce((sum, wheel) => sum + wheel.bytes, 0);
  await requireSpace(engines, bytes + recipe.unpackedBytes + 50_000_000, options.freeBytes);
  const needs = `${megabytes(bytes)} to download, ${megabytes(recipe.unpackedBytes)} on disk`;
  progress.note(`Setting up TensorFlow ${recipe.tensorflow} (${recipe.flavour}), once per user: ${needs}`);
  let downloaded = 0;
  const wheels: string[] = [];
  for (const wheel of recipe.wheels) {
    const fetched = await fetchWheel(wheel, {
      python,
      keepFolder,
      partialFolder: join(partial, 'fetch'),
      environment,
      progress,
    });
    wheels.push(fetched.path);
    downloaded += fetched.downloaded;
  }

  const made = join(partial, 'engine');
  const phase = progress.phase('Unpacking', recipe.unpackedBytes, 'bytes');
  const files: string[] = [];
  for (const wheel of wheels) files.push(...(await unpack(wheel, made, unpackedPath, (bytes) => phase.advance(bytes))));
  phase.done();
  for (const name of ['libtensorflow', 'libtensorflow_framework']) {
    const target = name === 'libtensorflow' ? 'libtensorflow_cc.so.2' : 'libtensorflow_framework.so.2';
    await symlink(target, join(made, 'deps/lib', `${name}.so`));
  }

  const compiling = progress.phase('Compiling the addon', undefined, 'files');
  await compileAddon(packageFolder, made, compiler, environment);
  compiling.done();

  const smoke = await options.smoke(join(made, ADDON));
  if (!smoke.ok) {
    throw new UserError(`The engine was built but does not run: ${smoke.why}`, {
      remedy: 'Look the message up, mend what it names and run the same command again; npx selfsup doctor shows more.',
    });
  }
  const stamp: EngineStamp = {
    schema: 1,
    id: options.id,
    tensorflow: smoke.tensorflow,
    tfjs: tfjsVersion(packageFolder),
    flavour: recipe.flavour,
    wheels: Object.fromEntries(recipe.wheels.map((wheel) => [wheel.file, wheel.sha256])),
    files: sizes(made, [ADDON, GUARD, ...files.filter((file) => !file.startsWith('deps/include/')).sort()]),
  };
  await writeFile(join(made, STAMP), `${JSON.stringify(stamp, null, 2)}\n`);
  await publish(made, root);
  for (const wheel of wheels) await rm(wheel, { force: true });
  return downloaded;
}

/** Renames a finished engine to its place; one that stands there and is not whole steps aside. */
async function publish(made: string, root: string): Promise<void> {
  for (;;) {
    try {
      return await rename(made, root);
    } catch (error) {
      if (!['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    }
    if (inspectRoot(root).ok) return;
    const aside = join(root, '..', `.broken-${process.pid}-${randomUUID().slice(0, 8)}@${hostname()}`);
    await rename(root, aside);
    await rm(aside, { recursive: true, force: true });
  }
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}
