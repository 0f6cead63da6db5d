import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '@selfsup/kit/errors';
import { acquireLease, type Lease } from '@selfsup/kit/lease';
import type { Progress } from '@selfsup/kit/progress';
import { dataSize } from '@selfsup/kit/units';
import { compileAddon, findCompiler } from './addon/addon.ts';
import { engineWithLibraries, shareLibraries } from './library/libraries.ts';
import { diskFull, requireSpace } from './machine.ts';
import { ADDON, GUARD, LOOPBACK, STAMP, inspectRoot, sizes, tfjsVersion, type EngineStamp } from './place.ts';
import { UNPACKING, unpackedPath, type Recipe } from './recipe.ts';
import type { SmokeResult } from './addon/smoke.ts';
import { unpack } from './library/unpack.ts';
import { fetchWheel, findPython } from './library/wheels.ts';

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
 * Builds `engines/<id>` unless it stands there whole. Everything happens in a folder beside it that is renamed when
 * finished, so what is found under the name is whole; a lease lets a second set-up wait for the first.
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
    const lease = await acquireLease(join(engines, '.lease'), {
      onWait: () => progress.note('Another set-up of the engine is running; waiting for it.'),
    });
    try {
      if (inspectRoot(root).ok) return 0;
      await removeLeftovers(engines);
      const partial = join(engines, `.partial-${randomUUID()}`);
      try {
        await mkdir(partial);
        return await buildIn(partial, root, lease, options);
      } finally {
        await rm(partial, { recursive: true, force: true });
      }
    } finally {
      await lease.release();
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

/** Removes what killed set-ups left behind: only who holds the lease makes such folders. */
async function removeLeftovers(engines: string): Promise<void> {
  for (const name of await readdir(engines)) {
    if (/^\.(partial|broken)-/.test(name)) await rm(join(engines, name), { recursive: true, force: true });
  }
}

async function buildIn(partial: string, root: string, lease: Lease, options: BuildOptions): Promise<number> {
  const { engines, environment, packageFolder, progress, recipe } = options;
  // All tools first: who lacks a compiler should not wait for the download to hear it.
  const compiler = await findCompiler(environment);
  const made = join(partial, 'engine');
  const twin = await engineWithLibraries(engines, recipe);
  const { files, downloaded, wheels } =
    twin === undefined
      ? await fetchLibraries(partial, made, options)
      : { files: await shareLibraries(twin, made), downloaded: 0, wheels: [] };
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
    unpacking: UNPACKING,
    wheels: Object.fromEntries(recipe.wheels.map((wheel) => [wheel.file, wheel.sha256])),
    files: sizes(made, [ADDON, GUARD, LOOPBACK, ...files.filter((file) => !file.startsWith('deps/include/')).sort()]),
  };
  await writeFile(join(made, STAMP), `${JSON.stringify(stamp, null, 2)}\n`);
  await lease.confirm();
  await publish(made, root);
  for (const wheel of wheels) await rm(wheel, { force: true });
  return downloaded;
}

/** Downloads the wheels that are missing, and unpacks all into `made`. */
async function fetchLibraries(partial: string, made: string, options: BuildOptions) {
  const { engines, environment, progress, recipe } = options;
  const python = await findPython(environment);
  const keepFolder = join(engines, 'wheels');
  const missing = recipe.wheels.filter((wheel) => !existsSync(join(keepFolder, wheel.file)));
  const bytes = missing.reduce((sum, wheel) => sum + wheel.bytes, 0);
  await requireSpace(engines, bytes + recipe.unpackedBytes + 50_000_000, options.freeBytes);
  const needs = `${dataSize(bytes)} to download, ${dataSize(recipe.unpackedBytes)} on disk`;
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

  const phase = progress.phase('Unpacking', recipe.unpackedBytes, 'bytes');
  const files: string[] = [];
  for (const wheel of wheels) files.push(...(await unpack(wheel, made, unpackedPath, (bytes) => phase.advance(bytes))));
  phase.done();
  return { files, downloaded, wheels };
}

/** Renames a finished engine to its place; one that stands there and is not whole steps aside, or is
 * removed where it cannot (as a layer of a container's image). */
async function publish(made: string, root: string): Promise<void> {
  const aside = join(root, '..', `.broken-${randomUUID()}`);
  if (existsSync(root)) await rename(root, aside).catch(() => rm(root, { recursive: true }));
  await rename(made, root);
  await rm(aside, { recursive: true, force: true });
}
