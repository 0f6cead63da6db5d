import type { ReportInput, StageRow } from '@selfsup/report/input';
import { datasetsNeeded, type Experiment, findVariant } from '../declare/experiment.ts';
import { publishedOfExperiment } from '../declare/published-numbers.ts';
import { stageIds } from '../run/run-experiment.ts';
import type { Session } from '../run/session.ts';
import { placeWarnings, readDatasetFacts, readStageRow } from './stage-rows.ts';

/** Collects what the report of an experiment shows from all that its stages have published. */
export async function reportInput(session: Session, experiment: Experiment): Promise<ReportInput> {
  const rows: StageRow[] = [];
  const warnings: string[] = [];
  for (const id of stageIds(experiment, {})) {
    const row = await readStageRow(session, findVariant(experiment, id.variant), id);
    if (row === undefined) warnings.push(`${id.variant}, seed ${id.seed}: the stage '${id.stage}' has not been run.`);
    else rows.push(row);
  }
  warnings.push(...placeWarnings(session, stageIds(experiment, {})));
  const { smallTwin: _twin, published: _entries, ...about } = experiment.about;
  const published = await publishedOfExperiment(experiment);
  return {
    experiment: experiment.name,
    about: { ...about, published },
    seeds: experiment.seeds,
    variants: experiment.variants.map(({ name }) => name),
    datasets: readDatasetFacts(session, datasetsNeeded(experiment)),
    rows,
    warnings,
  };
}
