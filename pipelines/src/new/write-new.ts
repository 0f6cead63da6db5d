import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '@selfsup/kit/errors';
import { writeAtomically } from '@selfsup/kit/files';
import type { Workspace } from '../declare/workspace.ts';
import { comparisonTemplate } from './comparison-template.ts';
import { datasetTemplate } from './dataset-template.ts';
import { evaluationTemplate } from './evaluation-template.ts';
import { experimentTemplate } from './experiment-template.ts';
import { nameForms } from './name-forms.ts';
import { networkTemplate } from './network-template.ts';
import { taskTemplate } from './task-template.ts';
import type { NewFiles, Template } from './template.ts';

/** An experiment and a comparison of one name could not be told apart. */
const named = ['pipelines/experiments', 'pipelines/comparisons'];

/** Each kind with its template and the folders in which its name must be free. */
const kinds = {
  task: { template: taskTemplate, folders: ['packages/tasks/src/pretext'] },
  dataset: { template: datasetTemplate, folders: ['packages/data/src/sources', 'pipelines/datasets'] },
  experiment: { template: experimentTemplate, folders: named },
  comparison: { template: comparisonTemplate, folders: named },
  network: { template: networkTemplate, folders: ['packages/models/src/networks'] },
  evaluation: { template: evaluationTemplate, folders: ['packages/eval/src/evaluations'] },
} satisfies Record<string, { template: Template; folders: readonly string[] }>;

export type Kind = keyof typeof kinds;
export const kindNames = Object.keys(kinds) as Kind[];

/**
 * Writes the files of a new part into the workspace and returns them. Throws `UserError`, before anything is written,
 * for a name that is not allowed or taken.
 */
export async function writeNew(workspace: Workspace, kind: Kind, name: string): Promise<NewFiles> {
  const { template, folders } = kinds[kind];
  const made = template(nameForms(name));
  const claimed = folders.flatMap((folder) => [`${folder}/${name}`, `${folder}/${name}.ts`]);
  const taken = [...claimed, ...Object.keys(made.files)].find((path) => existsSync(join(workspace.root, path)));
  if (taken !== undefined) {
    throw new UserError(`The ${kind} '${name}' cannot be made: ${taken} is there already`, {
      file: join(workspace.root, taken),
      remedy: 'Choose another name.',
    });
  }
  for (const [path, content] of Object.entries(made.files)) {
    await writeAtomically(join(workspace.root, path), content);
  }
  return made;
}
