import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { UserError } from '@selfsup/kit/errors';
import { parseJson, parseOrExplain } from '@selfsup/kit/parse';
import { storeSchema } from '../store/store.ts';
import { loadSource } from './load-source.ts';

/** `dataset.json`. Each entry of `sources` is checked further, strictly, by the source of its `type`. */
export const datasetConfigSchema = z.strictObject({
  $schema: z.string().optional(),
  /** For people; outside every key. */
  about: z
    .strictObject({
      title: z.string(),
      summary: z.string().optional(),
      homepage: z.string().optional(),
      licence: z.string().optional(),
      size: z.string().optional(),
      time: z.string().optional(),
    })
    .optional(),
  /** Sources in order of preference: the first that answers is taken. */
  sources: z.array(z.looseObject({ type: z.string() })).min(1),
  /** In which form images are kept; where absent, raw if the source's images have one size, else as JPEG of 256. */
  store: storeSchema.optional(),
  quarantine: z
    .strictObject({
      /** Largest part of the images that may be damaged and left out; above it ingestion fails. */
      atMost: z.number().min(0).max(1),
    })
    .optional(),
});

export type DatasetConfig = z.infer<typeof datasetConfigSchema>;

/**
 * Checks the content of a `dataset.json`, the sections of its sources included. Throws `UserError` naming file and
 * field, and listing what is known where a key or type is not.
 */
export async function checkDatasetConfig(value: unknown, file?: string): Promise<DatasetConfig> {
  const config = parseOrExplain(datasetConfigSchema, value, file);
  for (const [i, section] of config.sources.entries()) {
    const source = await loadSource(section.type, file, `sources.${i}.type`);
    parseOrExplain(source.schema, section, file, `sources.${i}`);
  }
  return config;
}

/** Reads and checks a `dataset.json`. Throws `UserError` where it is missing, not JSON or wrong. */
export async function readDatasetConfig(file: string): Promise<DatasetConfig> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    const isMissing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    throw new UserError(isMissing ? 'There is no such dataset' : `Cannot read: ${(cause as Error).message}`, {
      file,
      remedy: isMissing ? 'Check the name of the dataset.' : 'It has to be a file that can be read.',
      cause,
    });
  });
  return checkDatasetConfig(parseJson(text, file), file);
}
