import { existsSync } from 'node:fs';
import { openDataset, type Dataset } from '@selfsup/data/dataset';
import { UserError } from '@selfsup/kit/errors';
import { didYouMean } from '@selfsup/kit/parse';
import { datasetStage } from '../declare/dataset-stage.ts';
import { datasetNames } from '../declare/workspace.ts';
import { blobsMissing, bringBlobs } from '../remotes/bring.ts';
import { readManifest } from '../store/manifest.ts';
import { blobPath } from '../store/store.ts';
import type { Session } from './session.ts';

/**
 * Opens a dataset that was ingested, here or elsewhere. Throws `UserError` where there is none of that name, it was not
 * ingested, or it cannot be fetched.
 */
export async function openIngested(session: Session, name: string): Promise<Dataset> {
  const known = datasetNames(session.workspace);
  if (!known.includes(name)) {
    const close = didYouMean(name, known);
    throw new UserError(`There is no dataset '${name}'`, {
      remedy: `${close === undefined ? '' : `Did you mean ${close}? `}There are: ${known.join(', ')}.`,
    });
  }
  const { folder, store, label } = datasetStage(session, name);
  const blob = readManifest(folder)?.blobs['lmdb'];
  if (blob === undefined) {
    throw new UserError(`The dataset '${name}' has not been ingested`, { remedy: `Run: npx selfsup ingest ${name}` });
  }
  const missing = await bringBlobs(session, store, [blob.sha256], label);
  // Damaged ones are found out by who reads.
  if (missing.length > 0 && !existsSync(blobPath(store, blob.sha256))) throw blobsMissing(folder, missing);
  return openDataset(blobPath(store, blob.sha256));
}
