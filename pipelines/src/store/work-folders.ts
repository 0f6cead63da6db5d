import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { datasetStage } from '../declare/dataset-stage.ts';
import { datasetOf } from '../declare/expand.mjs';
import { readExperiment, type Experiment } from '../declare/experiment.ts';
import { assertKnown, datasetNames, experimentNames, type Workspace } from '../declare/workspace.ts';
import type { Session } from '../run/session.ts';

/** Which units of an experiment are meant; all of them where nothing is said. */
export interface Narrowed {
  readonly stage?: string | undefined;
  readonly variant?: string | undefined;
  readonly seed?: number | undefined;
}

/**
 * The work folders of an experiment's units, or of `data/<dataset>`: by what lies there, since the files may have changed
 * since it was begun. Throws `UserError` for a name that neither the files have nor any work was begun under.
 */
export async function workFoldersOf(
  { artifacts, workspace }: Pick<Session, 'artifacts' | 'workspace'>,
  name: string,
  { stage, variant, seed }: Narrowed,
): Promise<string[]> {
  const work = join(artifacts.root, 'work');
  const begun = await namesIn(work);
  const dataset = datasetOf(name);
  if (dataset !== undefined) {
    const ingested = begun.filter((one) => existsSync(join(work, one, 'ingest')));
    known('dataset', dataset, [...datasetNames(workspace), ...ingested], 'pipelines/datasets/<name>/dataset.json');
    return [datasetStage({ artifacts, workspace }, dataset).workFolder];
  }
  const folders: { variant: string; seed: string; stage: string }[] = [];
  for (const ofVariant of await namesIn(join(work, name))) {
    for (const ofSeed of (await namesIn(join(work, name, ofVariant))).filter((one) => /^seed-\d+$/.test(one))) {
      for (const ofStage of await namesIn(join(work, name, ofVariant, ofSeed))) {
        folders.push({ variant: ofVariant, seed: ofSeed, stage: ofStage });
      }
    }
  }
  const experiments = [...experimentNames(workspace), ...(folders.length > 0 ? [name] : [])];
  known('experiment', name, experiments, 'pipelines/experiments/<name>/experiment.json');
  const declared = declaredVariants(workspace, name);
  if (variant !== undefined) {
    const variants = [...declared.map((one) => one.name), ...folders.map((one) => one.variant)];
    known('variant', variant, variants, 'it under "variants"');
  }
  if (stage !== undefined) {
    const stages = [...declared.flatMap(({ order }) => order), ...folders.map((one) => one.stage)];
    known('stage', stage, stages, 'it under "stages"');
  }
  return folders
    .filter((one) => variant === undefined || one.variant === variant)
    .filter((one) => seed === undefined || one.seed === `seed-${seed}`)
    .filter((one) => stage === undefined || one.stage === stage)
    .map((one) => join(work, name, one.variant, one.seed, one.stage));
}

/** None where the experiment is gone or cannot be read: what was begun can be removed all the same. */
function declaredVariants(workspace: Workspace, name: string): Experiment['variants'] {
  try {
    return readExperiment(workspace, name).variants;
  } catch {
    return [];
  }
}

function known(kind: string, name: string, names: readonly string[], place: string): void {
  assertKnown(kind, name, [...new Set(names)].sort(), place);
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch((): string[] => []);
}
