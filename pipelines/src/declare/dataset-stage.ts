import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type * as DataStage from '@selfsup/data/stage';
import { canonicalJson } from '@selfsup/kit/files';
import { packageEntry } from './parts.ts';
import { publishedDataset, refuseDamaged } from './quarantine-limit.ts';
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
      return prepareDataset({ ...asked, name, file: file(), progress: progress(this.label), signal });
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

/** What the data package of this workspace shows to the pipeline. */
function loadFace(workspace: Workspace): Promise<typeof DataStage> {
  return import(pathToFileURL(packageEntry(workspace, 'data', './stage')).href) as Promise<typeof DataStage>;
}

/** A config without what changes no stored record, to be compared. */
function ofRecords(config: unknown): string {
  const { quarantine: _, ...rest } = (config ?? {}) as Record<string, unknown>;
  return canonicalJson(rest);
}
