import { datasetStage } from '../declare/dataset-stage.ts';
import { datasetOf } from '../declare/expand.mjs';
import { readExperiment } from '../declare/experiment.ts';
import { exploreStage } from '../declare/explore-stage.ts';
import type { Stage } from '../declare/stage.ts';
import { stagesOf } from '../declare/stages.ts';
import { experimentNames } from '../declare/workspace.ts';
import type { Session } from '../run/session.ts';

/**
 * The stages of some experiments, or of all, and of their datasets, each once and after what it needs; `data/<dataset>` means
 * that one. What cannot be read is handed to `onBroken`.
 */
export function stagesAsked(
  session: Session,
  names: readonly string[],
  onBroken: (name: string, error: unknown) => void,
): Stage[] {
  const stages = (names.length === 0 ? experimentNames(session.workspace) : names).flatMap((name) => {
    try {
      const dataset = datasetOf(name);
      if (dataset !== undefined) return [datasetStage(session, dataset)];
      const experiment = readExperiment(session.workspace, name);
      const own = stagesOf(session, experiment);
      const datasets = own.flatMap(({ needs }) => Object.values(needs)).filter(({ kind }) => kind === 'dataset');
      const page = exploreStage(session, experiment);
      return [...datasets, ...own, ...(page === undefined ? [] : [page])];
    } catch (error) {
      onBroken(name, error);
      return [];
    }
  });
  return [...new Map(stages.map((stage) => [stage.folder, stage])).values()];
}
