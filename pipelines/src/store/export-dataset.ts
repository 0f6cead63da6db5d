import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '@selfsup/kit/errors';
import { openIngested } from '../run/open-ingested.ts';
import type { Session } from '../run/session.ts';
import { shownPath } from './shown-path.ts';
import { damageIn, sumsFile, writeSums } from './sums.ts';

/** Forms in which a dataset can be written. */
export const datasetFormats = ['webdataset', 'folder', 'coco', 'voc'] as const;
export type DatasetFormat = (typeof datasetFormats)[number];

interface ExportDatasetOptions {
  readonly to: string;
  readonly format: DatasetFormat;
  readonly split?: string | undefined;
  readonly shardMegabytes: number;
}

/**
 * Writes a dataset for other tools with digests of all files beside them, and returns lines that say what was written.
 * Throws `UserError`, also where files of an earlier export into the same folder were altered since.
 */
export async function exportDataset(session: Session, name: string, options: ExportDatasetOptions): Promise<string[]> {
  const folder = join(options.to, name);
  const damage = existsSync(folder) ? damageIn(folder) : undefined;
  if (damage !== undefined) {
    throw new UserError(`An earlier export there is damaged: ${damage.replace('published', 'exported')}`, {
      file: folder,
      remedy: 'Remove the folder, or write to another one with --to.',
    });
  }
  // While files change there are no digests; an export that was stopped goes on without.
  await rm(join(folder, sumsFile), { force: true });
  const lines = await writeFormat(session, name, options);
  await writeSums(folder);
  return lines;
}

async function writeFormat(session: Session, name: string, options: ExportDatasetOptions): Promise<string[]> {
  const dataset = await openIngested(session, name);
  try {
    const known = Object.keys(dataset.manifest.splits);
    if (options.split !== undefined && !known.includes(options.split)) {
      throw new UserError(`The dataset ${name} has no split "${options.split}"`, {
        field: '--split',
        remedy: `Use one of: ${known.join(', ')}.`,
      });
    }
    const to = join(options.to, name);
    const work = {
      dataset,
      splits: options.split === undefined ? known : [options.split],
      to,
      shardBytes: options.shardMegabytes * 1e6,
      progress: session.progress(`data/${name}`),
      signal: session.signal,
    };
    const formats = await import('@selfsup/data/export');
    switch (options.format) {
      case 'folder':
        return (await formats.exportImageFolder(work)).map((folder) => `Images: ${shownPath(folder)}`);
      case 'coco':
        return (await formats.exportCoco(work)).map((file) => `Annotations: ${shownPath(file)}`);
      case 'voc':
        return (await formats.exportVoc(work)).map((file) => `List: ${shownPath(file)}`);
      case 'webdataset': {
        const shards = await formats.exportWebdataset(work);
        const where = shownPath(to);
        return [`WebDataset: ${shards.length} shards in ${where}; classes and statistics in dataset.json beside them`];
      }
    }
  } finally {
    await dataset.close();
  }
}
