import type { ComparedRow, ComparisonInput } from '@selfsup/report/comparison-input';
import type { PublishedNumber } from '@selfsup/report/input';
import { wholeTables } from '@selfsup/report/published';
import type { Comparison, ComparisonEntry } from '../declare/comparison.ts';
import { datasetStage } from '../declare/dataset-stage.ts';
import { datasetsNeeded } from '../declare/experiment.ts';
import type { Stage } from '../declare/stage.ts';
import { stagesOf } from '../declare/stages.ts';
import type { Session } from '../run/session.ts';
import { evaluationSettings } from './evaluation-settings.ts';
import { notRun, type NamedStages } from './not-run.ts';
import { pretrainingData } from './pretraining-data.ts';
import { publishedNumbers } from './published-numbers.ts';
import { placeWarnings, readDatasetFacts, readStageRow } from './stage-rows.ts';

/** Collects what the report of a comparison shows from all that the stages of its entries have published. */
export async function comparisonInput(session: Session, comparison: Comparison): Promise<ComparisonInput> {
  const { entries } = comparison;
  const rows: ComparedRow[] = [];
  const named: NamedStages[] = [];
  const missing = new Set<Stage>();
  const described: ComparisonInput['entries'][number][] = [];
  for (const { label, group, reference, experiment, variant, stages: names } of entries) {
    const stages = stagesOf(session, experiment, { variant: variant.name, stages: names });
    named.push({ name: label, stages });
    for (const stage of stages) {
      const row = await readStageRow(stage);
      if (row === undefined) missing.add(stage);
      else rows.push({ ...row, variant: label, settings: evaluationSettings(stage) });
    }
    described.push({
      label,
      group,
      reference,
      pretrainedOn: await pretrainingData(session.workspace, stages),
      experiment: experiment.name,
      variant: variant.name,
      title: experiment.about.title,
      paper: experiment.about.paper,
    });
  }
  const { published: _own, ...about } = comparison.about;
  const published = await publishedOf(comparison);
  return {
    comparison: comparison.name,
    about,
    entries: described,
    seeds: [...new Set(entries.flatMap(({ experiment }) => experiment.seeds))].sort((a, b) => a - b),
    variants: entries.map(({ label }) => label),
    rows,
    datasets: readDatasetFacts(datasetsOf(entries).map((name) => datasetStage(session, name))),
    published,
    wholeTables: await wholeTables(published),
    warnings: [...notRun(named, missing), ...placeWarnings(named.flatMap(({ stages }) => stages))],
  };
}

/** What the comparison says itself, and what its experiments say of the variants that it compares; nothing twice. */
export async function publishedOf({ about, file, entries }: Comparison): Promise<PublishedNumber[]> {
  const own = await publishedNumbers(about.published, file, datasetsOf(entries), ({ entry }) => entry);
  const theirs = await Promise.all(entries.map(publishedOfEntry));
  const unique = new Map([...own, ...theirs.flat()].map((number) => [JSON.stringify(number), number]));
  return [...unique.values()];
}

async function publishedOfEntry({ label, experiment, variant }: ComparisonEntry): Promise<PublishedNumber[]> {
  // An entry that names no variant is of the first one, as in the experiment's own report.
  const first = experiment.variants[0]!.of;
  const ofVariant = experiment.about.published?.filter((one) => (one.variant ?? first) === variant.of);
  // With other settings it is not what the number is of.
  const entry = Object.keys(variant.set).length === 0 ? label : undefined;
  return publishedNumbers(ofVariant, experiment.file, datasetsNeeded(experiment), () => entry);
}

function datasetsOf(entries: readonly ComparisonEntry[]): string[] {
  return [...new Set(entries.flatMap(({ experiment, variant }) => datasetsNeeded(experiment, variant.name)))];
}
