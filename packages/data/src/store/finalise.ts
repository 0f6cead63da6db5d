import { join } from 'node:path';
import type { RootDatabase } from 'lmdb';
import { UserError } from '@selfsup/kit/errors';
import { writeAtomically } from '@selfsup/kit/files';
import type { Progress } from '@selfsup/kit/progress';
import { labelsKey, ordinalsKey } from './lmdb-folder.ts';
import { datasetSchema, manifestFile, type DatasetManifest } from './manifest.ts';
import { summarise } from './summary.ts';

/** What is known of a dataset before its records are read over. */
export type DraftManifest = Omit<DatasetManifest, 'schema' | 'splits' | 'sizes' | 'statistics' | 'digest'>;

/**
 * Reads over all records, writes the index and labels of each split, and at last the manifest, which marks the dataset in
 * `folder` as whole. Throws `UserError` at a damaged record and where there is no image at all.
 */
export async function finalise(
  database: RootDatabase<Buffer, string>,
  folder: string,
  draft: DraftManifest,
  progress: Progress,
): Promise<DatasetManifest> {
  const { index, warnings: found, turned, ...facts } = await summarise(database, draft.classes, progress);
  if (index.size === 0) {
    throw new UserError('The source holds no image', { remedy: 'Check the path and layout of the source.' });
  }
  database.transactionSync(() => {
    for (const [split, { ordinals, labels }] of index) {
      database.putSync(ordinalsKey(split), Buffer.from(ordinals.buffer));
      database.putSync(labelsKey(split), Buffer.from(labels.buffer));
    }
  });
  const warnings = [...(draft.warnings ?? []), ...found];
  const reading = { ...draft.reading, ...(turned > 0 && { turned }) };
  const manifest: DatasetManifest = {
    schema: datasetSchema,
    ...draft,
    ...facts,
    ...(warnings.length > 0 && { warnings }),
    ...(Object.keys(reading).length > 0 && { reading }),
  };
  for (const { message } of warnings) progress.warn(message);
  if (turned > 0) progress.note(`Turned upright as their EXIF orientation says: ${turned} images.`);
  await writeAtomically(join(folder, manifestFile), `${JSON.stringify(manifest, undefined, 2)}\n`);
  return manifest;
}
