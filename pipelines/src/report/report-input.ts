import type { ReportInput, StageRow } from '@selfsup/report/input';
import { datasetStage } from '../declare/dataset-stage.ts';
import { datasetsNeeded, type Experiment } from '../declare/experiment.ts';
import type { Stage } from '../declare/stage.ts';
import { stagesOf } from '../declare/stages.ts';
import type { Session } from '../run/session.ts';
import { notRun } from './not-run.ts';
import { publishedOfExperiment } from './published-numbers.ts';
import { placeWarnings, readDatasetFacts, readStageRow } from './stage-rows.ts';

/**
 * Collects what the report of an experiment shows from all that its stages have published.
 *
 * @param explore address of the page in which its networks run, where there is one
 */
export async function reportInput(session: Session, experiment: Experiment, explore?: string): Promise<ReportInput> {
  const rows: StageRow[] = [];
  const missing = new Set<Stage>();
  const stages = stagesOf(session, experiment);
  for (const stage of stages) {
    const row = await readStageRow(stage);
    if (row !== undefined) rows.push(row);
    else missing.add(stage);
  }
  const named = experiment.variants.map(({ name }) => ({
    name,
    stages: stages.filter(({ variant }) => variant === name),
  }));
  const { smallTwin: _twin, published: _entries, ...about } = experiment.about;
  const published = await publishedOfExperiment(experiment);
  return {
    experiment: experiment.name,
    about: { ...about, published },
    explore,
    seeds: experiment.seeds,
    variants: experiment.variants.map(({ name }) => name),
    datasets: readDatasetFacts(datasetsNeeded(experiment).map((name) => datasetStage(session, name))),
    rows,
    warnings: [...notRun(named, missing), ...placeWarnings(stages)],
  };
}
