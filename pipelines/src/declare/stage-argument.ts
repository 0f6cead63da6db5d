import { UserError } from '@selfsup/kit/errors';
import { datasetStage } from './dataset-stage.ts';
import { datasetOf } from './expand.mjs';
import { findStage, readExperiment } from './experiment.ts';
import { parseOverrides } from './overrides.ts';
import type { Places, Stage } from './stage.ts';
import { stagesOf, type Selection } from './stages.ts';

/**
 * What a command means by `data/<dataset>`, or by an experiment and one of its stages: that stage of each variant and seed
 * asked for, `set` put in. Throws `UserError` with the stages there are where it was given none or an unknown one.
 */
export function stagesNamed(
  places: Places,
  name: string,
  stage: string | undefined,
  { variant, seed, set }: Pick<Selection, 'variant' | 'seed'> & { readonly set: readonly string[] },
): Stage[] {
  const dataset = datasetOf(name);
  if (dataset !== undefined) return [datasetStage(places, dataset)];
  const experiment = readExperiment(places.workspace, name, [parseOverrides(set)]);
  const [first] = experiment.variants;
  if (stage === undefined) {
    throw new UserError(`Which stage of ${experiment.name}?`, {
      field: 'stage',
      remedy: `Name one of these: ${Object.keys(first!.stages).join(', ')}.`,
    });
  }
  findStage(experiment, first!, stage);
  return stagesOf(places, experiment, { variant, seed, stages: [stage] }).filter((one) => one.name === stage);
}
