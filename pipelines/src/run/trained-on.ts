import { UserError } from '@selfsup/kit/errors';
import { datasetStage } from '../declare/dataset-stage.ts';
import { datasetNames } from '../declare/workspace.ts';
import { readManifest } from '../store/manifest.ts';
import { refuseDamage } from '../store/sums.ts';
import type { Session } from './session.ts';

/**
 * The ingested dataset that the first of these published stages was made from for which there is one, by the digest that it
 * had. Throws `UserError` naming --data where there is none, and the dataset whose manifest was altered where it may be that.
 */
export function trainedOn(session: Pick<Session, 'workspace' | 'artifacts'>, stages: readonly string[]): string {
  const ingested = datasetNames(session.workspace).flatMap((name) => {
    const digest = readManifest(datasetStage(session, name).folder)?.outputDigest;
    return digest === undefined ? [] : [{ name, digest }];
  });
  const needed = stages.flatMap((stage) => Object.values(readManifest(stage)?.keyParts.needs ?? {}));
  const found = needed.flatMap((need) => ingested.find(({ digest }) => digest === need) ?? []);
  if (found.length > 0) return found[0]!.name;
  for (const name of datasetNames(session.workspace)) refuseDamage(datasetStage(session, name).folder, 'manifest.json');
  const names = ingested.map(({ name }) => name).join(', ');
  throw new UserError('Whose test images shall the page show?', {
    field: '--data',
    remedy: `Name an ingested dataset of the size that these networks take: ${names || 'there is none, see selfsup ingest'}.`,
  });
}
