import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { DatasetManifest } from '@selfsup/data/dataset';
import { readJson } from '@selfsup/kit/parse';

/**
 * In a published folder, outside of the output digest: what must be known of a dataset or of a stage's numbers, and how a
 * dataset was read.
 */
export const remarksFile = 'remarks.json';

/** The remarks in a published folder; none where it has none. */
export function readRemarks(folder: string): Pick<DatasetManifest, 'warnings' | 'reading'> {
  const file = join(folder, remarksFile);
  return existsSync(file) ? (readJson(file) as Pick<DatasetManifest, 'warnings' | 'reading'>) : {};
}
