import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '@selfsup/kit/errors';
import { isFolder, workspaceAbove } from '@selfsup/kit/folders';
import { didYouMean } from '@selfsup/kit/parse';

/** The folders of one checkout: where experiments, comparisons, datasets and the parts they name are looked for. */
export interface Workspace {
  /** The folder that holds `nx.json` and `pipelines/`. */
  readonly root: string;
}

/** Finds the workspace by walking up from `from`. Throws `UserError` when there is none. */
export function findWorkspace(from: string = process.cwd()): Workspace {
  const root = workspaceAbove(from);
  if (root !== undefined) return { root };
  throw new UserError('This is no Selfsup workspace: no folder upwards holds nx.json and pipelines/', {
    file: from,
    remedy: 'Change into your clone of Selfsup and run the command again.',
  });
}

/** Names of the experiments there are, sorted. */
export function experimentNames(workspace: Workspace): string[] {
  return foldersWith(join(workspace.root, 'pipelines/experiments'), 'experiment.json');
}

/** Names of the datasets there are, sorted. */
export function datasetNames(workspace: Workspace): string[] {
  return foldersWith(join(workspace.root, 'pipelines/datasets'), 'dataset.json');
}

/** Names of the comparisons there are, sorted. */
export function comparisonNames(workspace: Workspace): string[] {
  return foldersWith(join(workspace.root, 'pipelines/comparisons'), 'comparison.json');
}

/** Path of `experiment.json`. Throws `UserError` listing the experiments there are. */
export function experimentFile(workspace: Workspace, name: string): string {
  assertKnown('experiment', name, experimentNames(workspace), 'pipelines/experiments/<name>/experiment.json');
  return join(workspace.root, 'pipelines/experiments', name, 'experiment.json');
}

/** Path of `dataset.json`. Throws `UserError` listing the datasets there are. */
export function datasetFile(workspace: Workspace, name: string): string {
  assertKnown('dataset', name, datasetNames(workspace), 'pipelines/datasets/<name>/dataset.json');
  return join(workspace.root, 'pipelines/datasets', name, 'dataset.json');
}

/** Path of `comparison.json`. Throws `UserError` listing the comparisons there are. */
export function comparisonFile(workspace: Workspace, name: string): string {
  assertKnown('comparison', name, comparisonNames(workspace), 'pipelines/comparisons/<name>/comparison.json');
  return join(workspace.root, 'pipelines/comparisons', name, 'comparison.json');
}

/** Throws `UserError` when `name` is not among `known`, with the nearest one and the list of all. */
export function assertKnown(
  kind: string,
  name: string,
  known: readonly string[],
  remedyPlace: string,
  where: { file?: string | undefined; field?: string | undefined } = {},
): void {
  if (known.includes(name)) return;
  const near = didYouMean(name, known);
  throw new UserError(
    `Unknown ${kind} '${name}'${near === undefined ? '.' : `; did you mean '${near}'?`} There are: ${known.join(', ') || 'none'}`,
    { ...where, remedy: `Use one of these, or add ${remedyPlace}.` },
  );
}

/** Names of the folders in `folder` that hold a file called `file`, sorted; none where `folder` is missing. */
function foldersWith(folder: string, file: string): string[] {
  if (!isFolder(folder)) return [];
  return readdirSync(folder)
    .filter((name) => existsSync(join(folder, name, file)))
    .sort();
}
