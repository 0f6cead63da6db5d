import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '@selfsup/kit/errors';
import { namedFolder } from '@selfsup/kit/folders';
import type { Workspace } from '../declare/workspace.ts';

/** Folders of the artifacts root that hold no results of experiments or datasets. */
export const noResults: readonly string[] = ['work', 'store', 'compare', 'slurm'];
/** Names that folders beside results have, at the root and within an experiment: no experiment, variant or dataset has one. */
export const reservedNames: readonly string[] = [...noResults, 'report', 'explore', 'ingest'];

/** Where published results, the store and work in progress lie. */
export interface Artifacts {
  readonly root: string;
  /** Where stages publish: the root, or a throw-away folder in a dry run. Datasets always lie below the root. */
  readonly stages: string;
  /** Blobs of stages; those of datasets lie in `<root>/store`. */
  readonly store: string;
}

/** The artifacts folder: `SELFSUP_ARTIFACTS` (a relative one from the workspace root), or `artifacts` in the workspace. */
export function openArtifacts(workspace: Workspace, dryRunFolder?: string): Artifacts {
  const root = namedFolder('SELFSUP_ARTIFACTS', { root: workspace.root }) ?? join(workspace.root, 'artifacts');
  const stages = dryRunFolder ?? root;
  return { root, stages, store: join(stages, 'store') };
}

/** Throws `UserError` unless files can be made in the artifacts folder. */
export function assertWritable(artifacts: Artifacts): void {
  for (const folder of new Set([artifacts.root, artifacts.stages])) {
    const probe = join(folder, `.writable.${process.pid}`);
    try {
      mkdirSync(folder, { recursive: true });
      writeFileSync(probe, '');
      rmSync(probe);
    } catch (cause) {
      throw new UserError(`The artifacts folder cannot be written: ${(cause as Error).message}`, {
        file: folder,
        remedy: 'Make it writable, or set SELFSUP_ARTIFACTS to a folder that is.',
        cause,
      });
    }
  }
}
