import { existsSync } from 'node:fs';
import { openDataset, type Dataset } from '@selfsup/data/dataset';
import { UserError } from '@selfsup/kit/errors';
import { didYouMean } from '@selfsup/kit/parse';
import { datasetStage } from '../declare/dataset-stage.ts';
import { datasetNames } from '../declare/workspace.ts';
import { blobsMissing, bringBlobs } from '../remotes/bring.ts';
import { readManifest } from '../store/manifest.ts';
import { blobPath } from '../store/store.ts';
import { refuseDamage } from '../store/sums.ts';
import type { Session } from './session.ts';

/**
 * Opens a dataset that was ingested, here or elsewhere. Throws `UserError` where there is none of that name, it was not
 * ingested, it is not byte for byte as it was published, or it cannot be fetched. With `evenDamaged` one whose records were
 * altered is opened, for who looks which ones.
 */
export async function openIngested(session: Session, name: string, evenDamaged = false): Promise<Dataset> {
  const known = datasetNames(session.workspace);
  if (!known.includes(name)) {
    const close = didYouMean(name, known);
    throw new UserError(`There is no dataset '${name}'`, {
      remedy: `${close === undefined ? '' : `Did you mean ${close}? `}There are: ${known.join(', ')}.`,
    });
  }
  const { folder, store, label } = datasetStage(session, name);
  refuseDamage(folder);
  const blob = readManifest(folder)?.blobs['lmdb'];
  if (blob === undefined) {
    throw new UserError(`The dataset '${name}' has not been ingested`, { remedy: `Run: npx selfsup ingest ${name}` });
  }
  const path = blobPath(store, blob.sha256);
  const missing = await bringBlobs(session, store, [blob.sha256], label);
  if (missing.length > 0 && !existsSync(path)) throw blobsMissing(folder, missing);
  if (missing.length > 0 && !evenDamaged) throw damagedRecords(name, path);
  return openDataset(path);
}

/** Says that a dataset's records are not those that were published. */
export function damagedRecords(name: string, path: string): UserError {
  return new UserError(`The records of the dataset '${name}' were altered since they were published`, {
    file: path,
    remedy: `Run npx selfsup ingest ${name}: they are made anew. npx selfsup inspect ${name} --verify names the record, where it is one.`,
  });
}
