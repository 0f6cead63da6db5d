import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '@selfsup/kit/errors';
import { writeAtomically } from '@selfsup/kit/files';
import type { Workspace } from '../declare/workspace.ts';
import { nameForms } from './name-forms.ts';
import { fromTemplates } from './templates.ts';

/** Files of a new part, and what to do with them. */
interface NewFiles {
  /** Path from the root of the workspace to content. */
  readonly files: Readonly<Record<string, string>>;
  /** Commands to go on with. */
  readonly next: readonly string[];
}

interface KindOfPart {
  /** In which its name must be free. */
  readonly folders: readonly string[];
  next(name: string): readonly string[];
}

/** An experiment and a comparison of one name could not be told apart. */
const named: KindOfPart = {
  folders: ['pipelines/experiments', 'pipelines/comparisons'],
  next: (name) => [`npx selfsup check ${name}`, `npx nx run pipeline:${name}`],
};
const features = { needs: { features: 'features' }, config: { protocol: 'small', layer: 'conv2' } };

/** Each kind, whose templates lie in the folder of its name. */
const kinds = {
  task: {
    folders: ['packages/tasks/src/pretext'],
    next: (name) => ['npx selfsup schema', ...named.next(`${name}-small`)],
  },
  dataset: {
    folders: ['packages/data/src/sources', 'pipelines/datasets'],
    next: (name) => [
      `put pictures into train/<class>/ and test/<class>/ of a folder ${name}, and set SELFSUP_DATA to the one above it`,
      `npx selfsup ingest ${name}`,
    ],
  },
  experiment: named,
  comparison: named,
  network: {
    folders: ['packages/models/src/networks'],
    next: (name) => [
      `npm test -- ${name}`,
      `npx selfsup run quickstart --set 'pretrain.config.network={"name":"${name}"}'`,
    ],
  },
  evaluation: {
    folders: ['packages/eval/src/evaluations'],
    next: (name) => [
      'npx selfsup schema',
      `npm test -- ${name}`,
      `add to the stages of an experiment: "${name}": ${JSON.stringify({ uses: `eval/${name}`, ...features })}`,
    ],
  },
} satisfies Record<string, KindOfPart>;

export type Kind = keyof typeof kinds;
export const kindNames = Object.keys(kinds) as Kind[];

/**
 * Writes the files of a new part into the workspace and returns them. Throws `UserError`, before anything is written,
 * for a name that is not allowed or taken.
 */
export async function writeNew(workspace: Workspace, kind: Kind, name: string): Promise<NewFiles> {
  const { folders, next } = kinds[kind];
  const files = fromTemplates(kind, nameForms(name));
  const claimed = folders.flatMap((folder) => [`${folder}/${name}`, `${folder}/${name}.ts`]);
  const taken = [...claimed, ...Object.keys(files)].find((path) => existsSync(join(workspace.root, path)));
  if (taken !== undefined) {
    throw new UserError(`The ${kind} '${name}' cannot be made: ${taken} is there already`, {
      file: join(workspace.root, taken),
      remedy: 'Choose another name.',
    });
  }
  for (const [path, content] of Object.entries(files)) {
    await writeAtomically(join(workspace.root, path), content);
  }
  return { files, next: next(name) };
}
