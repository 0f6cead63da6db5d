// @no-effect-on-results
import { existsSync, lstatSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UserError } from '@selfsup/kit/errors';
import type { Flavour } from './recipe.ts';

const require = createRequire(import.meta.url);

/** Path of the addon inside an engine's folder and inside the npm package. */
export const ADDON = 'lib/napi-v8/tfjs_binding.node';
/** Path of the helper that holds back what the library prints while it loads. */
export const GUARD = 'lib/napi-v8/stderr_guard.node';
/** Path of the library that keeps what processes of one machine listen on to the loopback address. */
export const LOOPBACK = 'lib/napi-v8/loopback_bind.so';
/** Folder of the sources of these two. */
export const HELPER_SOURCES = fileURLToPath(new URL('./native', import.meta.url));
/** Folder of the sources that give the addon the functions of compiled steps, and of computing with other processes. */
export const STEP_SOURCES = fileURLToPath(new URL('../compiled-step/native', import.meta.url));
/** Name of the file that says what an engine is; written last. */
export const STAMP = 'selfsup-engine.json';

/** What an engine is. Reproducible facts only. */
export interface EngineStamp {
  readonly schema: 1;
  readonly id: string;
  readonly tensorflow: string;
  readonly tfjs: string;
  /** `prebuilt` is the addon that the npm package's own install script fetches. */
  readonly flavour: Flavour | 'prebuilt';
  /** Version of the way in which the wheels were unpacked; 1 where absent. */
  readonly unpacking?: number;
  /** sha256 of the wheels, by file name. */
  readonly wheels: Readonly<Record<string, string>>;
  /** Size in bytes of every file that loading needs, by path inside the engine's folder. */
  readonly files: Readonly<Record<string, number>>;
}

/** An engine found whole, or the reason why it is not. */
export type Inspection =
  | { readonly ok: true; readonly root: string; readonly stamp: EngineStamp }
  | { readonly ok: false; readonly why: string };

/** Folder of the npm package whose addon we provide. Throws `UserError` where dependencies are not installed. */
export function tfjsFolder(): string {
  try {
    return dirname(require.resolve('@tensorflow/tfjs-node-gpu/package.json'));
  } catch (cause) {
    throw new UserError('The npm packages are not installed: @tensorflow/tfjs-node-gpu is missing', {
      remedy: 'Run npm ci in the root of the workspace.',
      cause,
    });
  }
}

/** Folder of the N-API headers. Throws `UserError` where dependencies are not installed. */
export function nodeApiHeaders(): string {
  try {
    return join(dirname(require.resolve('node-api-headers/package.json')), 'include');
  } catch (cause) {
    throw new UserError('The npm packages are not installed: node-api-headers is missing', {
      remedy: 'Run npm ci in the root of the workspace.',
      cause,
    });
  }
}

/** Version of the npm package in `packageFolder`. */
export function tfjsVersion(packageFolder: string): string {
  return (JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8')) as { version: string }).version;
}

/** Folder of the engine that the npm package uses: our cache behind its links, or the package itself. */
export function engineRoot(packageFolder: string): string | undefined {
  const lib = join(packageFolder, 'lib');
  if (!existsSync(lib)) return undefined;
  return lstatSync(lib).isSymbolicLink() ? dirname(realpathSync(lib)) : packageFolder;
}

/** Looks whether the npm package has a whole engine: its links, its stamp, the size of each file. Milliseconds. */
export function inspectEngine(packageFolder: string): Inspection {
  const root = engineRoot(packageFolder);
  if (root === undefined) return { ok: false, why: 'no engine is set up' };
  const inspection = inspectRoot(root);
  if (!inspection.ok || root === packageFolder) return inspection;
  const deps = join(packageFolder, 'deps');
  if (!existsSync(deps) || realpathSync(deps) !== join(root, 'deps')) {
    return { ok: false, why: 'its links are incomplete' };
  }
  return inspection;
}

/** Looks whether an engine's folder is whole: its stamp and the size of each file. */
export function inspectRoot(root: string): Inspection {
  let stamp: EngineStamp;
  try {
    stamp = JSON.parse(readFileSync(join(root, STAMP), 'utf8')) as EngineStamp;
  } catch {
    return { ok: false, why: existsSync(root) ? `${root} holds no engine of ours` : 'no engine is set up' };
  }
  if (stamp.schema !== 1) return { ok: false, why: `${root} was set up by another version of Selfsup` };
  for (const [path, bytes] of Object.entries(stamp.files)) {
    const found = statSync(join(root, path), { throwIfNoEntry: false })?.size;
    if (found === undefined) return { ok: false, why: `${join(root, path)} is gone` };
    if (found !== bytes) return { ok: false, why: `${join(root, path)} has ${found} bytes, not ${bytes}` };
  }
  return { ok: true, root, stamp };
}

/** The sizes that a stamp records, of those `paths` that exist under `root`. */
export function sizes(root: string, paths: readonly string[]): Record<string, number> {
  return Object.fromEntries(paths.map((path) => [path, statSync(join(root, path)).size]));
}
