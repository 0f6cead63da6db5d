import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { UserError } from '@selfsup/kit/errors';
import { experimentNames, type Workspace } from '../declare/workspace.ts';
import { bringBlobs, bringerOf } from '../remotes/bring.ts';
import { openArtifacts } from './artifacts.ts';
import { readManifest } from './manifest.ts';
import { shownPath } from './shown-path.ts';
import { blobPath } from './store.ts';
import { refuseDamage } from './sums.ts';

/** Name under which pretraining stages publish their encoder. */
const BLOB = 'checkpoint';
/** Levels of folders between an experiment and a stage: variant, seed, stage. */
const DEPTH = 3;

/** A checkpoint file, and the published folder that it is of where it was named by that. */
export interface FoundCheckpoint {
  readonly checkpoint: string;
  readonly stage?: string;
}

/** The file alone of what `findPublishedCheckpoint` finds. */
export async function findCheckpoint(workspace: Workspace, argument: string): Promise<string> {
  return (await findPublishedCheckpoint(workspace, argument)).checkpoint;
}

/**
 * The checkpoint file that a command's argument means: a `.safetensors` file, the published folder of a pretraining
 * stage, or the name of an experiment (or `<experiment>/<variant>`, …) with a single such stage. Throws `UserError`
 * listing what there is where nothing or several fit, and naming what is damaged or gone where the stage is not as it was
 * published.
 */
export async function findPublishedCheckpoint(workspace: Workspace, argument: string): Promise<FoundCheckpoint> {
  const { root } = openArtifacts(workspace);
  const places = [resolve(argument), join(root, argument)].filter((place) => existsSync(place));
  const file = places.find((place) => statSync(place).isFile());
  if (file !== undefined) return { checkpoint: file };
  const stages = [...new Set(places.flatMap((place) => stagesWithCheckpoint(place, DEPTH, refuseAlteredManifest)))];
  const [stage] = stages;
  if (stages.length === 1) return { checkpoint: await checkpointOf(stage!, root, workspace), stage: stage! };
  if (stages.length > 1) {
    throw new UserError(`'${argument}' has ${stages.length} checkpoints`, {
      remedy: `Name one of these: ${stages.map(shownPath).join(', ')}.`,
    });
  }
  const isStage = places.find((place) => existsSync(join(place, 'manifest.json')));
  if (isStage !== undefined) {
    const blobs = Object.keys(readManifest(isStage)?.blobs ?? {});
    throw new UserError(`This stage published no blob '${BLOB}'; it has ${blobs.join(', ') || 'none'}`, {
      file: isStage,
      remedy: 'Name the folder of the pretraining stage.',
    });
  }
  if (experimentNames(workspace).includes(argument)) {
    throw new UserError(`The experiment '${argument}' has no finished pretraining here`, {
      file: join(root, argument),
      remedy: `Run it first: npx nx run pipeline:${argument}.`,
    });
  }
  const known = stagesWithCheckpoint(root, DEPTH + 1).map(shownPath);
  throw new UserError(`There is no checkpoint '${argument}'`, {
    remedy:
      'Give a .safetensors file, the folder of a pretraining stage or the name of an experiment. ' +
      (known.length > 0 ? `Published here: ${known.join(', ')}.` : 'None has been published here yet.'),
  });
}

/** An altered manifest says nothing of whether there is a checkpoint. */
const refuseAlteredManifest = (folder: string): void => refuseDamage(folder, 'manifest.json');

/** Folders at or below `folder` that published a checkpoint, sorted. */
function stagesWithCheckpoint(
  folder: string,
  depth: number,
  look: (stage: string) => void = () => undefined,
): string[] {
  if (existsSync(join(folder, 'manifest.json'))) {
    look(folder);
    return readManifest(folder)?.blobs?.[BLOB] === undefined ? [] : [folder];
  }
  if (depth === 0 || !existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !['work', 'store'].includes(entry.name))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => stagesWithCheckpoint(join(folder, entry.name), depth - 1, look));
}

/** The blob lies in the store of the artifacts folder that the stage is in, which may be another than this workspace's. */
async function checkpointOf(stage: string, root: string, workspace: Workspace): Promise<string> {
  const bringer = bringerOf(workspace);
  refuseDamage(stage);
  const digest = readManifest(stage)!.blobs[BLOB]!.sha256;
  const own = join(dirname(dirname(dirname(dirname(stage)))), 'store');
  for (const store of new Set([own, join(root, 'store')])) {
    if ((await bringBlobs(bringer, store, [digest], shownPath(stage))).length === 0) return blobPath(store, digest);
  }
  throw new UserError(`The checkpoint of this stage is gone from the store, or was altered: ${digest}`, {
    file: stage,
    remedy: 'Run the experiment again: only what is missing is computed.',
  });
}
