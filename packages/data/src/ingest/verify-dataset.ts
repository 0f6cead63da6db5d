import { UserError } from '@selfsup/kit/errors';
import type { Progress } from '@selfsup/kit/progress';
import { labelsKey, openLmdb, ordinalsKey } from '../store/lmdb-folder.ts';
import { readManifest, type DatasetManifest } from '../store/manifest.ts';
import { summarise } from '../store/summary.ts';

/**
 * Reads a finished dataset over (a second or two for CIFAR-10) and compares all that it holds with its manifest.
 * Returns the manifest; throws `UserError` where anything differs, so that a damaged blob is never a silent hit.
 */
export async function verifyDataset(folder: string, progress: Progress): Promise<DatasetManifest> {
  const manifest = await readManifest(folder);
  const database = openLmdb(folder, true);
  try {
    const { digest, index } = await summarise(database, manifest.classes, progress);
    const isIndexed = [...index].every(
      ([split, { ordinals, labels }]) =>
        database.getBinary(ordinalsKey(split))?.equals(Buffer.from(ordinals.buffer)) === true &&
        database.getBinary(labelsKey(split))?.equals(Buffer.from(labels.buffer)) === true,
    );
    if (digest !== manifest.digest || !isIndexed) {
      throw new UserError('The dataset is not what its manifest says', {
        file: folder,
        remedy: 'Delete it and ingest it again.',
      });
    }
  } finally {
    await database.close();
  }
  return manifest;
}
