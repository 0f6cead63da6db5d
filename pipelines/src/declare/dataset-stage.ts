import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { DatasetManifest } from '@selfsup/data/dataset';
import type { DatasetConfig } from '@selfsup/data/dataset-config';
import type * as DataStage from '@selfsup/data/stage';
import { UserError } from '@selfsup/kit/errors';
import { canonicalJson } from '@selfsup/kit/files';
import { isOffline } from '../remotes/elsewhere.ts';
import { packageEntry } from './parts.ts';
import type { Places, Stage } from './stage.ts';
import { datasetFile, type Workspace } from './workspace.ts';

/** The stage that makes a dataset. Datasets lie below the root of the artifacts, also in a dry run. */
export function datasetStage({ workspace, artifacts }: Pick<Places, 'workspace' | 'artifacts'>, name: string): Stage {
  const file = (): string => datasetFile(workspace, name);
  return {
    name,
    variant: 'base',
    seed: 0,
    ref: `data/${name}`,
    uses: 'data/ingest',
    kind: 'dataset',
    get root() {
      return packageEntry(workspace, 'data', './ingest');
    },
    declared: undefined,
    keyed: { name },
    dryRun: false,
    needs: {},
    label: `data/${name}`,
    named: `data/${name}`,
    command: ['ingest', name],
    folder: join(artifacts.root, name, 'ingest'),
    workFolder: join(artifacts.root, 'work', name, 'ingest'),
    store: join(artifacts.root, 'store'),
    async prepare({ progress, signal }, asked) {
      const { prepareDataset } = await loadFace(workspace);
      const request = { ...asked, name, file: file(), progress: progress(this.label), signal };
      if (!isOffline()) return prepareDataset(request);
      return prepareDataset({ ...request, fetchNothing: true }).catch((cause: unknown) => {
        throw toldOffline(cause, file());
      });
    },
    async refuse(folder) {
      const { readDataset } = await loadFace(workspace);
      refuseDamaged(publishedDataset(folder), await readDataset(file()), file());
    },
    async survives(resolvedConfig) {
      const { readDataset } = await loadFace(workspace);
      return ofRecords(resolvedConfig) === ofRecords(await readDataset(file()));
    },
  };
}

/** The refusal to fetch with the variable that asks for it; other errors as they are. */
function toldOffline(cause: unknown, file: string): unknown {
  if (!(cause instanceof UserError) || cause.name !== 'NotFetched') return cause;
  const remedy = [cause.remedy, 'Or unset SELFSUP_OFFLINE.'].filter(Boolean).join(' ');
  const told = new UserError(`${cause.message}. Since SELFSUP_OFFLINE is 1, no other machine is asked`, {
    ...{ file, field: 'sources', remedy, cause },
  });
  // Whoever asks for the dataset takes what was made of it before.
  told.name = cause.name;
  return told;
}

/** What the data package of this workspace shows to the pipeline. */
function loadFace(workspace: Workspace): Promise<typeof DataStage> {
  return import(pathToFileURL(packageEntry(workspace, 'data', './stage')).href) as Promise<typeof DataStage>;
}

/** A config without what changes no stored record, to be compared. */
function ofRecords(config: unknown): string {
  const { quarantine: _, ...rest } = (config ?? {}) as Record<string, unknown>;
  return canonicalJson(rest);
}

type Contents = Pick<DatasetManifest, 'splits' | 'quarantine'>;

/** As ingestion has it; taken from there, it would make ingestion depend on who else asks. */
const defaultAtMost = 0.01;

/** The facts of a published dataset, by its folder. */
function publishedDataset(folder: string): Contents {
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
