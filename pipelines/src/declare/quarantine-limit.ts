import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DatasetConfig } from '@selfsup/data/dataset-config';
import type { DatasetManifest } from '@selfsup/data/manifest';
import { UserError } from '@selfsup/kit/errors';

type Contents = Pick<DatasetManifest, 'splits' | 'quarantine'>;

/** As ingestion has it; taken from there, it would make ingestion depend on who else asks. */
const defaultAtMost = 0.01;

/** The facts of a published dataset, by its folder. */
export function publishedDataset(folder: string): Contents {
  return JSON.parse(readFileSync(join(folder, 'dataset.json'), 'utf8')) as Contents;
}

/**
 * Throws `UserError` where more images were left out of a finished dataset than its `dataset.json` (`file`) allows by now:
 * the limit is part of no key, so that the dataset counts as done.
 */
export function refuseDamaged(
  { splits, quarantine }: Contents,
  config: Pick<DatasetConfig, 'quarantine'>,
  file: string | undefined,
): void {
  const allowed = config.quarantine?.atMost ?? defaultAtMost;
  const total = Object.values(splits).reduce((sum, { count }) => sum + count, quarantine.length);
  if (quarantine.length <= allowed * total) return;
  throw new UserError(
    `${quarantine.length} of ${total} images were damaged and left out when the dataset was ingested`,
    {
      file,
      field: 'quarantine.atMost',
      remedy: `Raise quarantine.atMost (now ${allowed}), or fetch the files again. npx selfsup inspect says which they are.`,
    },
  );
}
