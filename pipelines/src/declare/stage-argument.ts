import { UserError } from '@selfsup/kit/errors';
import { datasetStage } from './dataset-stage.ts';
import { datasetOf } from './expand.mjs';
import { commandLinePlace, dataOverrides, findStage, readExperiment } from './experiment.ts';
import { parseOverrides } from './overrides.ts';
import type { Places, Stage } from './stage.ts';
import { stagesOf, type Selection } from './stages.ts';

/** What a command was told of the stages that it is about. */
interface Named extends Pick<Selection, 'variant' | 'seed'> {
  readonly set: readonly string[];
  /** Datasets in the place of others, as `--data` of a run. */
  readonly data?: readonly string[] | undefined;
}

/**
 * What a command means by `data/<dataset>`, or by an experiment and one of its stages, or all of them: of each variant and seed
 * asked for, `data` and `set` put in. Throws `UserError` with the stages there are for an unknown one.
 */
export function stagesNamed(
  places: Places,
  name: string,
  stage: string | undefined,
  { set, data = [], ...of }: Named,
): Stage[] {
  const dataset = datasetOf(name);
  if (dataset !== undefined) return [datasetStage(places, dataset)];
  const base = readExperiment(places.workspace, name);
  const point = parseOverrides([...dataOverrides(base, data), ...set]);
  const experiment = readExperiment(places.workspace, name, [point], commandLinePlace(base, data));
  if (stage === undefined) return stagesOf(places, experiment, of);
  findStage(experiment, experiment.variants[0]!, stage);
  return stagesOf(places, experiment, { ...of, stages: [stage] }).filter((one) => one.name === stage);
}

/** As `stagesNamed`, for a command that is about one stage. Throws `UserError` with those there are where none is named. */
export function stageNamed(places: Places, name: string, stage: string | undefined, named: Named): Stage[] {
  const found = stagesNamed(places, name, stage, named);
  if (stage !== undefined || datasetOf(name) !== undefined) return found;
  throw new UserError(`Which stage of ${name}?`, {
    field: 'stage',
    remedy: `Name one of these: ${[...new Set(found.map((one) => one.name))].join(', ')}.`,
  });
}
