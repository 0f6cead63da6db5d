import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readJson } from '@selfsup/kit/parse';
import { readFigures } from '@selfsup/report/figure-files';
import type { DatasetFacts, StageRow } from '@selfsup/report/input';
import type { Stage } from '../declare/stage.ts';
import { placeFacts, placesApart } from '../keys/place.ts';
import { readManifest, readMetrics, readRun, type Manifest } from '../store/manifest.ts';
import { refuseDamage } from '../store/sums.ts';
import { readRemarks } from './remarks.ts';
import { stageRemarks } from './stage-remarks.ts';

/** What a stage published, as reports show it; undefined where it has not been run. Throws `UserError` where it is damaged. */
export async function readStageRow(stage: Stage): Promise<StageRow | undefined> {
  const { folder, variant, seed, name } = stage;
  refuseDamage(folder);
  const manifest = readManifest(folder);
  if (manifest === undefined) return undefined;
  const run = readRun(folder);
  return {
    variant,
    seed,
    stage: name,
    uses: manifest.keyParts.uses,
    config: manifest.resolvedConfig,
    metrics: readMetrics(folder),
    figures: await readFigures(folder),
    remarks: stageRemarks(stage),
    run: run && { ...run },
    reproducibility: reproducibility(manifest),
  };
}

function reproducibility(manifest: Manifest): NonNullable<StageRow['reproducibility']> {
  return {
    key: manifest.key,
    codeKey: manifest.code.key,
    // Several values where it was interrupted and went on elsewhere.
    engine: {
      ...manifest.keyParts.engine,
      ...Object.fromEntries(placeFacts(manifest.places).map(([fact, values]) => [fact, values.join(' / ')])),
    },
    inputs: manifest.keyParts.needs,
    outputDigest: manifest.outputDigest,
    blobs: Object.fromEntries(Object.entries(manifest.blobs).map(([name, blob]) => [name, blob.sha256])),
  };
}

/** A line that says where results of several places were computed; none where all are of one. */
export function placeWarnings(stages: readonly Stage[]): string[] {
  const manifests = stages.map(({ folder }) => readManifest(folder));
  const apart = placesApart(manifests.flatMap((manifest) => manifest?.places ?? []));
  if (apart.length === 0) return [];
  return [`Computed in different places, so that results may differ in their last bits: ${apart.join('; ')}.`];
}

/** What is known of those of these datasets that are ingested. */
export function readDatasetFacts(datasets: readonly Stage[]): DatasetFacts[] {
  return datasets.flatMap(({ name, folder }) => {
    refuseDamage(folder);
    if (readManifest(folder) === undefined) return [];
    const facts = readJson(join(folder, 'dataset.json')) as Omit<DatasetFacts, 'chosen' | 'fallback'> & {
      source: { chosen: string; fallback: boolean };
    };
    const file = join(folder, 'contact-sheet.png');
    const sheet = existsSync(file) ? readFileSync(file) : undefined;
    return [
      {
        ...facts,
        ...readRemarks(folder),
        name,
        chosen: facts.source.chosen,
        fallback: facts.source.fallback,
        sheet,
      },
    ];
  });
}
