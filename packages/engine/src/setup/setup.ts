import { existsSync, lstatSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from '@selfsup/kit/folders';
import { canonicalJson, sha256, sha256File } from '@selfsup/kit/files';
import type { Progress } from '@selfsup/kit/progress';
import { readSettings } from '../runtime/settings.ts';
import { chooseFlavour, readMachine, requireSupported, type MachineFacts } from './machine.ts';
import * as place from './place.ts';
import { engineId, recipeFor, type Flavour, type Recipe } from './recipe.ts';
import type { SmokeResult } from './addon/smoke.ts';

/** What set-up may be told; all have the defaults that the command uses. */
export interface SetupOptions {
  readonly progress: Progress;
  /** The folder of @tensorflow/tfjs-node-gpu to provide. */
  readonly packageFolder?: string;
  readonly environment?: NodeJS.ProcessEnv;
  readonly machine?: () => MachineFacts;
  readonly recipe?: (flavour: Flavour) => Recipe;
  readonly smoke?: (addon: string) => Promise<SmokeResult>;
  /** Folder of what is linked into the addon. */
  readonly stepSources?: string;
  readonly freeBytes?: (folder: string) => Promise<number>;
}

/** What set-up did. */
export interface SetupResult {
  readonly action: 'nothing' | 'linked' | 'built' | 'accepted';
  readonly stamp: place.EngineStamp;
  readonly root: string;
  readonly downloadedBytes: number;
}

/**
 * Gives the npm package an engine: none is touched that is in place; an official prebuilt addon that works is
 * accepted; else one of the user's cache is linked, built before where it is missing. Safe to run twice at once and
 * to be killed. Throws `UserError` with the remedy for whatever the user can mend.
 */
export async function setUpEngine(options: SetupOptions): Promise<SetupResult> {
  const { progress, environment = process.env } = options;
  const packageFolder = options.packageFolder ?? place.tfjsFolder();
  const { id, recipe, inPlace } = wanted(packageFolder, options);
  if (inPlace !== undefined) {
    return { action: 'nothing', stamp: inPlace.stamp, root: inPlace.root, downloadedBytes: 0 };
  }
  // Only now what building needs: with an engine in place, the command is done before all that would be loaded.
  const [{ buildEngine }, { linkEngine }, { smokeCheck }] = await Promise.all([
    import('./build.ts'),
    import('./library/links.ts'),
    import('./addon/smoke.ts'),
  ]);
  const { smoke = smokeCheck } = options;
  const prebuilt = await acceptPrebuilt(packageFolder, progress, smoke);
  if (prebuilt !== undefined) return { action: 'accepted', stamp: prebuilt, root: packageFolder, downloadedBytes: 0 };

  const engines = join(cacheFolder(environment), 'engine');
  const root = join(engines, id);
  let downloadedBytes = 0;
  const cached = place.inspectRoot(root);
  if (!cached.ok) {
    if (existsSync(root)) progress.warn(`The engine is damaged and is built anew: ${cached.why}.`);
    requireSupported((options.machine ?? readMachine)());
    const { freeBytes } = options;
    downloadedBytes = await buildEngine({
      ...{ id, recipe, engines, packageFolder, environment, progress, smoke, freeBytes },
    });
  }
  await linkEngine(packageFolder, root);
  const placed = place.inspectEngine(packageFolder);
  if (!placed.ok) throw new Error(`The engine was set up but is not whole: ${placed.why}`);
  return { action: cached.ok ? 'linked' : 'built', stamp: placed.stamp, root, downloadedBytes };
}

/** What of an engine is known before it is set up. */
export type EngineFacts = Pick<place.EngineStamp, 'id' | 'tensorflow' | 'tfjs' | 'flavour'>;

/**
 * The engine that `setUpEngine` would leave in place, without doing anything. Undefined where only trying it shows: where
 * the npm package's own install script has fetched an addon. Throws `UserError` for a wrong setting.
 */
export function engineToBe(options: Omit<SetupOptions, 'progress'> = {}): EngineFacts | undefined {
  const packageFolder = options.packageFolder ?? place.tfjsFolder();
  const { id, recipe, inPlace } = wanted(packageFolder, options);
  if (inPlace !== undefined) return inPlace.stamp;
  if (hasOwnAddon(packageFolder)) return undefined;
  const { tensorflow, flavour } = recipe;
  return { id, tensorflow, flavour, tfjs: place.tfjsVersion(packageFolder) };
}

/** The engine that the settings ask for, and the one in place where that is it. */
function wanted(packageFolder: string, options: Omit<SetupOptions, 'progress'>) {
  const flavour = chooseFlavour(readSettings(options.environment ?? process.env).device);
  const recipe = (options.recipe ?? recipeFor)(flavour);
  const stepSources = options.stepSources ?? place.STEP_SOURCES;
  const id = engineId(recipe, { packageFolder, stepSources, helperSources: place.HELPER_SOURCES });
  const found = place.inspectEngine(packageFolder);
  const isIt = found.ok && (found.stamp.flavour === 'prebuilt' || found.stamp.id === id);
  return { id, recipe, inPlace: isIt ? found : undefined };
}

/** What the npm package's own install script leaves. */
const OWN_FILES = [place.ADDON, 'deps/lib/libtensorflow.so.2', 'deps/lib/libtensorflow_framework.so.2'];

function hasOwnAddon(packageFolder: string): boolean {
  const own = ['lib', 'deps'].every((name) => {
    const path = join(packageFolder, name);
    return existsSync(path) && !lstatSync(path).isSymbolicLink();
  });
  return own && OWN_FILES.every((file) => existsSync(join(packageFolder, file)));
}

/** Stamps the addon that the npm package's own install script fetched, if it is there and works. */
async function acceptPrebuilt(
  packageFolder: string,
  progress: Progress,
  smoke: (addon: string) => Promise<SmokeResult>,
): Promise<place.EngineStamp | undefined> {
  if (!hasOwnAddon(packageFolder)) return undefined;
  const result = await smoke(join(packageFolder, place.ADDON));
  if (!result.ok) {
    progress.warn(`The prebuilt addon in node_modules does not work and is replaced: ${result.why}`);
    return undefined;
  }
  const digests = await Promise.all(OWN_FILES.map((file) => sha256File(join(packageFolder, file))));
  const stamp: place.EngineStamp = {
    schema: 1,
    id: `tensorflow-${result.tensorflow}-prebuilt-${sha256(canonicalJson(digests)).slice(0, 10)}`,
    tensorflow: result.tensorflow,
    tfjs: place.tfjsVersion(packageFolder),
    flavour: 'prebuilt',
    wheels: {},
    files: place.sizes(packageFolder, OWN_FILES),
  };
  await writeFile(join(packageFolder, place.STAMP), `${JSON.stringify(stamp, null, 2)}\n`);
  return stamp;
}
