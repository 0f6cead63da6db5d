import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { DatasetManifest } from '@selfsup/data/dataset';
import { readJson } from './parse.ts';

/** Beside `dataset.json`, outside of the output digest: what a data set makes people beware of, and how it was read. */
export const remarksFile = 'remarks.json';

/** The remarks in the published folder of an ingestion; none where an earlier version has written it. */
export function readRemarks(folder: string): Pick<DatasetManifest, 'warnings' | 'reading'> {
  const file = join(folder, remarksFile);
  return existsSync(file) ? (readJson(file) as Pick<DatasetManifest, 'warnings' | 'reading'>) : {};
}
