import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { UserError } from '@selfsup/kit/errors';
import { canonicalJson, sha256, writeAtomically } from '@selfsup/kit/files';
import { dataFolder } from '@selfsup/kit/folders';
import type * as ContactSheetModule from '@selfsup/data/contact-sheet';
import type * as DatasetModule from '@selfsup/data/dataset';
import type { DatasetConfig } from '@selfsup/data/dataset-config';
import type * as DatasetConfigModule from '@selfsup/data/dataset-config';
import type * as IngestModule from '@selfsup/data/ingest';
import type * as LmdbModule from '@selfsup/data/lmdb-folder';
import type * as ResolveModule from '@selfsup/data/resolve';
import { assertWritable, publishedFolder, storeOf, type UnitId, unitLabel } from '../store/artifacts.ts';
import { childCommand, isUnderNx } from './child-command.ts';
import { type CodeKey, codeKey } from '../keys/code-key/code-key.ts';
import { isComplete, type KeyParts, type Manifest, readManifest } from '../store/manifest.ts';
import { partFile } from '../declare/parts.ts';
import { publishedDataset, refuseDamaged } from './quarantine-limit.ts';
import { remarksFile } from '../report/remarks.ts';
import { type Outcome, runUnit } from './run-unit.ts';
import type { Session } from './session.ts';
import { datasetFile } from '../declare/workspace.ts';

interface IngestOptions {
  readonly path?: string | undefined;
  readonly fullHash?: boolean | undefined;
}

/** Whether a dataset is ingested, and all that says so. */
export interface IngestDecision {
  readonly id: Extract<UnitId, { kind: 'ingest' }>;
  readonly key: string;
  readonly keyParts: KeyParts;
  readonly code: CodeKey;
  readonly parts: readonly string[];
  /** The same bits come of it everywhere. */
  readonly place: undefined;
  readonly published: Manifest | undefined;
  readonly fresh: boolean;
  /** `dataset.json` without what is only said to people. */
  readonly relevant: Readonly<Record<string, unknown>>;
  readonly resolved: ResolveModule.ResolvedSource;
  readonly resolveOptions: ResolveModule.ResolveOptions & { readonly signal: AbortSignal };
}

/**
 * Looks at the source of a dataset and computes the key: what identifies the chosen source, and the code of ingestion
 * and of that source; the same content found elsewhere is not ingested again. Throws `UserError` where no source answers.
 */
export async function decideIngest(
  session: Session,
  dataset: string,
  options: IngestOptions = {},
): Promise<IngestDecision> {
  const id = { kind: 'ingest', dataset } as const;
  const file = datasetFile(session.workspace, dataset);
  const { config, relevant } = await readConfig(session, file);
  const { resolveSource } = await load<typeof ResolveModule>(session, 'ingest/resolve');
  const resolveOptions = {
    config,
    datasetFolder: join(file, '..'),
    dataFolder: dataFolder(),
    path: options.path,
    fullHash: options.fullHash,
    progress: session.progress(unitLabel(id)),
    signal: session.signal,
    file,
  };
  const resolved = await resolveSource(resolveOptions);
  const part = `data/${resolved.type}`;
  const code = await codeKey(session.workspace, [
    join(session.workspace.root, 'packages/data/src/ingest/ingest.ts'),
    partFile(session.workspace, part),
  ]);
  const keyParts: KeyParts = { uses: 'data/ingest', seed: 0, config: resolved.identity, needs: {}, code: code.key };
  const key = sha256(canonicalJson({ ...keyParts, name: dataset }));
  const folder = publishedFolder(session.artifacts, id);
  const published = readManifest(folder);
  const fresh = published?.key === key && (await isComplete(published, folder, storeOf(session.artifacts, id)));
  return {
    id,
    key,
    keyParts,
    code,
    parts: [part],
    place: undefined,
    published,
    fresh,
    relevant,
    resolved,
    resolveOptions,
  };
}

async function readConfig(
  session: Session,
  file: string,
): Promise<{ config: DatasetConfig; relevant: Record<string, unknown> }> {
  const { readDatasetConfig } = await load<typeof DatasetConfigModule>(session, 'ingest/dataset-config');
  const config = await readDatasetConfig(file);
  const { about: _about, $schema: _schema, ...relevant } = config;
  return { config, relevant };
}

/**
 * Brings an ingestion up to date. `path` wins over `dataset.json`; `fullHash` reads all of the source to see whether it
 * has changed. With `onlyLook` nothing is done; 'stale' says that there is something to do.
 */
export async function runIngest(
  session: Session,
  dataset: string,
  options: IngestOptions & { force: boolean; onlyLook?: boolean },
): Promise<Outcome | 'stale'> {
  if (options.onlyLook !== true) assertWritable(session.artifacts);
  const id: UnitId = { kind: 'ingest', dataset };
  const progress = session.progress(unitLabel(id));
  let decision: IngestDecision;
  try {
    decision = await decideIngest(session, dataset, options);
  } catch (error) {
    // The source may have been tidied away since: what was made of it stays good.
    const asked = options.path !== undefined || options.force || options.fullHash === true;
    if (!(error instanceof UserError) || asked) throw error;
    const folder = publishedFolder(session.artifacts, id);
    const published = readManifest(folder);
    const file = datasetFile(session.workspace, dataset);
    const { relevant } = await readConfig(session, file);
    const sameConfig = ofRecords(published?.resolvedConfig) === ofRecords(relevant);
    const store = storeOf(session.artifacts, id);
    if (!sameConfig || published === undefined || !(await isComplete(published, folder, store))) throw error;
    refuseDamaged(publishedDataset(folder), relevant, file);
    progress.warn(`What was ingested before is kept; its source cannot be read now: ${error.message}`);
    return 'fresh';
  }
  const { file } = decision.resolveOptions;
  if (decision.fresh) refuseDamaged(publishedDataset(publishedFolder(session.artifacts, id)), decision.relevant, file);
  if (options.onlyLook === true) return decision.fresh ? 'fresh' : 'stale';
  const { key, keyParts, code, parts, relevant, resolved, resolveOptions } = decision;
  const isFresh = async (): Promise<boolean> => {
    const folder = publishedFolder(session.artifacts, id);
    const published = readManifest(folder);
    return published?.key === key && (await isComplete(published, folder, storeOf(session.artifacts, id)));
  };
  if (isUnderNx()) {
    if (!options.force && decision.fresh) return 'fresh';
    const { force, path, fullHash } = options;
    await childCommand(session, id, { force, overrides: [], path, fullHash });
    return 'computed';
  }
  let identity: string | undefined;
  return runUnit(
    session,
    {
      id,
      key,
      isFresh,
      named: `data/${dataset}`,
      manifest: { key, keyParts, parts, code, resolvedConfig: relevant },
      identities: () => (identity === undefined ? {} : { lmdb: identity }),
      runFacts: () => ({ route: resolved.route }),
      run: async (workFolder) => {
        const { ingest } = await load<typeof IngestModule>(session, 'ingest/ingest');
        const ingested = ingest({ ...resolveOptions, name: dataset, workFolder, resolved });
        const { folder: lmdb, manifest } = await ingested.catch(async (cause: unknown) => {
          await removeEmpty(session, join(workFolder, 'lmdb')).catch(() => undefined);
          throw cause;
        });
        refuseDamaged(manifest, relevant, file);
        // The facts hold the digest over all records, so their hash names the whole. What is only said to people has no part in it.
        const { warnings, reading, ...facts } = manifest;
        identity = sha256(canonicalJson(facts));
        const written = { 'dataset.json': facts, [remarksFile]: { warnings, reading } };
        for (const [name, content] of Object.entries(written)) {
          await writeAtomically(join(workFolder, name), `${JSON.stringify(content, null, 2)}\n`);
        }
        const metrics = Object.entries(manifest.splits).map(
          ([measure, { count }]) =>
            ({ head: 'images', measure, unit: 'count', better: 'neither', value: count }) as const,
        );
        const files: Record<string, string> = { 'dataset.json': join(workFolder, 'dataset.json') };
        files['contact-sheet.png'] = await drawSheet(session, lmdb, workFolder);
        const records = { [remarksFile]: join(workFolder, remarksFile) };
        return { blobs: { lmdb }, files, records, metrics };
      },
    },
    options.force,
  );
}

/** A config without what changes no stored record, to be compared. */
function ofRecords(config: unknown): string {
  const { quarantine: _, ...rest } = (config ?? {}) as Record<string, unknown>;
  return canonicalJson(rest);
}

/** Removes an LMDB folder in which no image was stored or refused: there is nothing to go on with. */
async function removeEmpty(session: Session, folder: string): Promise<void> {
  const { keysUnder, openLmdb } = await load<typeof LmdbModule>(session, 'store/lmdb-folder');
  const database = openLmdb(folder, true);
  const records = database.getCount(keysUnder('image')) + database.getCount(keysUnder('quarantine'));
  await database.close();
  if (records === 0) await rm(folder, { recursive: true });
}

/** Draws the contact sheet that reports show. */
async function drawSheet(session: Session, lmdb: string, workFolder: string): Promise<string> {
  const { openDataset } = await load<typeof DatasetModule>(session, 'dataset');
  const { contactSheet, sheetSplit } = await load<typeof ContactSheetModule>(session, 'pictures/contact-sheet');
  const dataset = openDataset(lmdb);
  try {
    const path = join(workFolder, 'contact-sheet.png');
    await writeAtomically(path, await contactSheet(dataset, sheetSplit(dataset)));
    return path;
  } finally {
    await dataset.close();
  }
}

function load<Module>(session: Session, name: string): Promise<Module> {
  const file = join(session.workspace.root, 'packages/data/src', `${name}.ts`);
  return import(pathToFileURL(file).href) as Promise<Module>;
}
