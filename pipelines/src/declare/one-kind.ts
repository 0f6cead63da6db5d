import { UserError } from '@selfsup/kit/errors';
import {
  assertKnown,
  comparisonFile,
  comparisonNames,
  experimentFile,
  experimentNames,
  type Workspace,
} from './workspace.ts';

/**
 * Whether a name is of an experiment or of a comparison. Throws `UserError` for one that is neither, with the nearest, and
 * for one that is both: `nx run pipeline:<name>` could not tell which is meant.
 */
export function kindOf(workspace: Workspace, name: string): 'experiment' | 'comparison' {
  const experiments = experimentNames(workspace);
  const comparisons = comparisonNames(workspace);
  const place = 'pipelines/experiments/<name>/experiment.json or pipelines/comparisons/<name>/comparison.json';
  assertKnown('experiment or comparison', name, [...experiments, ...comparisons], place);
  refuseSameName(workspace, name);
  return experiments.includes(name) ? 'experiment' : 'comparison';
}

/** Throws `UserError` naming both files where an experiment and a comparison have the same name. */
export function refuseSameName(workspace: Workspace, name: string): void {
  if (!experimentNames(workspace).includes(name) || !comparisonNames(workspace).includes(name)) return;
  throw new UserError(`A comparison has the name of an experiment, '${name}': ${experimentFile(workspace, name)}`, {
    file: comparisonFile(workspace, name),
    remedy: `Rename the folder of one of them: pipeline:${name} can mean only one.`,
  });
}
