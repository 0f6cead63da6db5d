import { dirname, join } from 'node:path';
import { canonicalJson, sha256, writeAtomically } from '@selfsup/kit/files';
import { dataFolder } from '@selfsup/kit/folders';
import type { Metric } from '@selfsup/kit/metric';
import type { StageContext, StageResult } from '@selfsup/kit/stage';
import { readDatasetConfig, type DatasetConfig } from './dataset-config.ts';
import { resolveSource } from './resolve.ts';

/** A dataset that is to be made, as the pipeline asks for it. */
export interface DatasetRequest extends Pick<StageContext<unknown>, 'progress' | 'signal'> {
  readonly name: string;
  /** Its `dataset.json`. */
  readonly file: string;
  /** A path from the command line: wins over `dataset.json`. */
  readonly path?: string | undefined;
  /** Whether all of the source is read to see if it has changed. */
  readonly fullHash?: boolean | undefined;
  /** Whether nothing is fetched: then it throws `NotFetched` where something would have to be. */
  readonly fetchNothing?: boolean | undefined;
}

/** The stage that makes a dataset, once a source was chosen: it needs nothing, and its result is one blob, `lmdb`. */
export interface DatasetStage {
  /** `dataset.json` without what is only said to people. */
  readonly config: Readonly<Record<string, unknown>>;
  /** What identifies the chosen source: the same content found elsewhere is not ingested again. */
  readonly identity: Readonly<Record<string, unknown>>;
  /** The source, as `data/cifar10`. */
  readonly parts: readonly string[];
  /** Ingests, or goes on, in a folder that survives interruption. Throws as `ingest` does. */
  run(context: Pick<StageContext<unknown>, 'workFolder'>): Promise<StageResult>;
}

/** A `dataset.json` without what is only said to people. Throws `UserError` naming file and field. */
export async function readDataset(file: string): Promise<Record<string, unknown>> {
  return withoutWords(await readDatasetConfig(file));
}

function withoutWords({ about: _about, $schema: _schema, ...config }: DatasetConfig): Record<string, unknown> {
  return config;
}

/** Looks which source of a dataset answers. Throws `UserError` where none does, as `resolveSource`. */
export async function prepareDataset({ name, file, ...asked }: DatasetRequest): Promise<DatasetStage> {
  const config = await readDatasetConfig(file);
  const options = { ...asked, config, datasetFolder: dirname(file), dataFolder: dataFolder(), file };
  const resolved = await resolveSource(options);
  return {
    config: withoutWords(config),
    identity: resolved.identity,
    parts: [`data/${resolved.type}`],
    run: async ({ workFolder }) => {
      const { ingest } = await import('./ingest.ts');
      const { folder: lmdb, manifest } = await ingest({ ...options, name, workFolder, resolved });
      // What is only said to people is part of no digest.
      const { warnings, reading, ...facts } = manifest;
      const write = async (file: string, content: object): Promise<string> => {
        await writeAtomically(join(workFolder, file), `${JSON.stringify(content, null, 2)}\n`);
        return join(workFolder, file);
      };
      return {
        blobs: { lmdb },
        // The facts hold the digest over all records, so their hash names the whole.
        identities: { lmdb: sha256(canonicalJson(facts)) },
        files: {
          'dataset.json': await write('dataset.json', facts),
          'contact-sheet.png': await drawSheet(lmdb, workFolder),
        },
        records: { 'remarks.json': await write('remarks.json', { warnings, reading }) },
        metrics: Object.entries(manifest.splits).map(([measure, { count }]): Metric => ({
          head: 'images',
          measure,
          unit: 'count',
          better: 'neither',
          value: count,
        })),
        facts: { route: resolved.route },
      };
    },
  };
}

/** Draws the contact sheet that reports show. */
async function drawSheet(lmdb: string, workFolder: string): Promise<string> {
  const { openDataset } = await import('../dataset.ts');
  const { contactSheet, sheetSplit } = await import('../pictures/contact-sheet.ts');
  const dataset = openDataset(lmdb);
  try {
    const path = join(workFolder, 'contact-sheet.png');
    await writeAtomically(path, await contactSheet(dataset, sheetSplit(dataset)));
    return path;
  } finally {
    await dataset.close();
  }
}
