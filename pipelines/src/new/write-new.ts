import { existsSync, readFileSync } from 'node:fs';
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
  /** Files that name it now. */
  readonly changed: readonly string[];
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
    next: (name) => named.next(`${name}-small`),
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
      `npm test -- ${name}`,
      `add to the stages of an experiment: "${name}": ${JSON.stringify({ uses: `eval/${name}`, ...features })}`,
    ],
  },
} satisfies Record<string, KindOfPart>;

export type Kind = keyof typeof kinds;
export const kindNames = Object.keys(kinds) as Kind[];

/**
 * Writes the files of a new part into the workspace and returns them; its page, if it has one, is put into the index. Throws `UserError`, before anything is written,
 * for a name that is not allowed or taken.
 */
export async function writeNew(workspace: Workspace, kind: Kind, name: string): Promise<NewFiles> {
  const { folders, next } = kinds[kind];
  const forms = nameForms(name);
  const files = fromTemplates(kind, forms);
  const claimed = folders.flatMap((folder) => [`${folder}/${name}`, `${folder}/${name}.ts`]);
  const taken = [...claimed, ...Object.keys(files)].find((path) => existsSync(join(workspace.root, path)));
  if (taken !== undefined) {
    throw new UserError(`The ${kind} '${name}' cannot be made: ${taken} is there already`, {
      file: join(workspace.root, taken),
      remedy: 'Choose another name.',
    });
  }
  // Lines become longer or shorter with the name.
  const { format, resolveConfig } = await import('prettier');
  for (const [path, content] of Object.entries(files)) {
    const filepath = join(workspace.root, path);
    await writeAtomically(filepath, await format(content, { ...(await resolveConfig(filepath)), filepath }));
  }
  const page = `${name}.md`;
  const changed = Object.hasOwn(files, `docs/${page}`) ? await listMethod(workspace, forms.title, page) : [];
  return { files, changed, next: next(name) };
}

/** Puts a method's page at the end of the list of them in `docs/README.md`; gives that file's path where it has the list. */
async function listMethod({ root }: Workspace, title: string, page: string): Promise<string[]> {
  const index = 'docs/README.md';
  const file = join(root, index);
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const list = /^## Methods\n\n(?:- .*\n)+/m.exec(text)?.[0];
  if (list === undefined) return [];
  await writeAtomically(
    file,
    text.replace(list, () => `${list}- [${title}](${page})\n`),
  );
  return [index];
}
