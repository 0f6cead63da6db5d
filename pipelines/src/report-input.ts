import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DatasetFacts, ReportInput, StageRow } from '@selfsup/eval/report';
import { readStageOutputs } from '@selfsup/eval/report';
import { publishedFolder } from './artifacts.ts';
import { datasetsNeeded, type Experiment } from './experiment.ts';
import { type Manifest, readManifest, readMetrics, readRun } from './manifest.ts';
import { readJson } from './parse.ts';
import type { Session } from './session.ts';

/** Collects what the report of an experiment shows from all that its stages have published. */
export async function reportInput(session: Session, experiment: Experiment): Promise<ReportInput> {
  const rows: StageRow[] = [];
  const warnings: string[] = [];
  for (const variant of experiment.variants) {
    for (const seed of experiment.seeds) {
      for (const stage of variant.order) {
        const folder = publishedFolder(session.artifacts, {
          kind: 'stage',
          experiment: experiment.name,
          variant: variant.name,
          seed,
          stage,
        });
        const manifest = readManifest(folder);
        if (manifest === undefined) {
          warnings.push(`${variant.name}, seed ${seed}: the stage '${stage}' has not been run.`);
          continue;
        }
        const run = readRun(folder);
        rows.push({
          variant: variant.name,
          seed,
          stage,
          uses: variant.stages[stage]!.uses,
          config: manifest.resolvedConfig,
          metrics: readMetrics(folder),
          outputs: await readStageOutputs(folder),
          run: run && { ...run },
          reproducibility: reproducibility(manifest),
        });
      }
    }
  }
  const datasets = datasetsOf(session, experiment);
  const { smallTwin: _twin, ...about } = experiment.about;
  return {
    experiment: experiment.name,
    about: {
      ...about,
      published: about.published?.map((number) => ({
        ...number,
        protocol: number.protocol ?? '',
        comparable: number.comparable ?? false,
      })),
    },
    seeds: experiment.seeds,
    variants: experiment.variants.map(({ name }) => name),
    datasets,
    rows,
    warnings,
  };
}

function reproducibility(manifest: Manifest): NonNullable<StageRow['reproducibility']> {
  return {
    key: manifest.key,
    codeKey: manifest.code.key,
    engine: manifest.engineFacts,
    inputs: manifest.keyParts.needs,
    outputDigest: manifest.outputDigest,
    blobs: Object.fromEntries(Object.entries(manifest.blobs).map(([name, blob]) => [name, blob.sha256])),
  };
}

function datasetsOf(session: Session, experiment: Experiment): DatasetFacts[] {
  return datasetsNeeded(experiment).flatMap((dataset) => {
    const folder = publishedFolder(session.artifacts, { kind: 'ingest', dataset });
    if (readManifest(folder) === undefined) return [];
    const facts = readJson(join(folder, 'dataset.json')) as Omit<DatasetFacts, 'chosen' | 'fallback'> & {
      source: { chosen: string; fallback: boolean };
    };
    const file = join(folder, 'contact-sheet.png');
    const sheet = existsSync(file) ? readFileSync(file) : undefined;
    return [{ ...facts, name: dataset, chosen: facts.source.chosen, fallback: facts.source.fallback, sheet }];
  });
}
