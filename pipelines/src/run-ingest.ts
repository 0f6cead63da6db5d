import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { UserError } from '@selfsup/engine/errors';
import { canonicalJson, sha256, writeAtomically } from '@selfsup/engine/files';
import type * as ContactSheetModule from '@selfsup/data/contact-sheet';
import type * as DatasetModule from '@selfsup/data/dataset';
import type * as DatasetConfigModule from '@selfsup/data/dataset-config';
import type * as IngestModule from '@selfsup/data/ingest';
import type * as ResolveModule from '@selfsup/data/resolve';
import { assertWritable, publishedFolder, storeOf, type UnitId, unitLabel } from './artifacts.ts';
import { childCommand, isUnderNx } from './child-command.ts';
import { codeKey } from './code-key.ts';
import { isComplete, type KeyParts, readManifest } from './manifest.ts';
import { partFile } from './parts.ts';
import { remarksFile } from './remarks.ts';
import { type Outcome, runUnit } from './run-unit.ts';
import type { Session } from './session.ts';
import { datasetFile } from './workspace.ts';

/**
 * Brings an ingestion up to date. Its key is what identifies the chosen source, and the code of ingestion and of
 * that source; the same content found elsewhere is not ingested again. `path` wins over `dataset.json`; `fullHash` reads all
 * of the source to see whether it has changed. With
 * `onlyLook` nothing is done; 'stale' says that there is something to do.
 */
export async function runIngest(
  session: Session,
  dataset: string,
  options: { force: boolean; path?: string | undefined; fullHash?: boolean | undefined; onlyLook?: boolean },
): Promise<Outcome | 'stale'> {
  assertWritable(session.artifacts);
  const file = datasetFile(session.workspace, dataset);
  const id: UnitId = { kind: 'ingest', dataset };
  const progress = session.progress(unitLabel(id));
  const { readDatasetConfig } = await load<typeof DatasetConfigModule>(session, 'dataset-config');
  const { resolveSource } = await load<typeof ResolveModule>(session, 'resolve');
  const config = await readDatasetConfig(file);
  const { about: _about, $schema: _schema, ...relevant } = config;
  const resolveOptions = {
    config,
    datasetFolder: join(file, '..'),
    dataFolder: process.env['SELFSUP_DATA'] || undefined,
    path: options.path,
    fullHash: options.fullHash,
    progress,
    signal: session.signal,
    file,
  };
  const folder = publishedFolder(session.artifacts, id);
  const store = storeOf(session.artifacts, id);
  let resolved: ResolveModule.ResolvedSource;
  try {
    resolved = await resolveSource(resolveOptions);
  } catch (error) {
    // The source may have been tidied away since: what was made of it stays good.
    const published = readManifest(folder);
    const sameConfig = canonicalJson(published?.resolvedConfig ?? null) === canonicalJson(relevant);
    const asked = options.path !== undefined || options.force || options.fullHash === true;
    const keep = error instanceof UserError && !asked && sameConfig;
    if (!keep || published === undefined || !(await isComplete(published, folder, store))) throw error;
    progress.warn(`What was ingested before is kept; its source cannot be read now: ${error.message}`);
    return 'fresh';
  }
  const roots = [
    join(session.workspace.root, 'packages/data/src/ingest.ts'),
    partFile(session.workspace, `data/${resolved.type}`),
  ];
  const code = await codeKey(session.workspace, roots);
  const keyParts: KeyParts = { uses: 'data/ingest', seed: 0, config: resolved.identity, needs: {}, code: code.key };
  const key = sha256(canonicalJson({ ...keyParts, name: dataset }));
  const isFresh = async (): Promise<boolean> => {
    const published = readManifest(folder);
    return published?.key === key && (await isComplete(published, folder, store));
  };
  if (options.onlyLook === true) return (await isFresh()) ? 'fresh' : 'stale';
  if (isUnderNx()) {
    if (!options.force && (await isFresh())) return 'fresh';
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
      manifest: { key, keyParts, parts: [`data/${resolved.type}`], code, resolvedConfig: relevant },
      identities: () => (identity === undefined ? {} : { lmdb: identity }),
      runFacts: () => ({ route: resolved.route }),
      run: async (workFolder) => {
        const { ingest } = await load<typeof IngestModule>(session, 'ingest');
        const { folder: lmdb, manifest } = await ingest({
          ...resolveOptions,
          name: dataset,
          workFolder,
          resolved,
        });
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

/** Draws the contact sheet that reports show. */
async function drawSheet(session: Session, lmdb: string, workFolder: string): Promise<string> {
  const { openDataset } = await load<typeof DatasetModule>(session, 'dataset');
  const { contactSheet, sheetSplit } = await load<typeof ContactSheetModule>(session, 'contact-sheet');
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
