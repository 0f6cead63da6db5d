import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { UserError } from '@selfsup/engine/errors';
import type { StageModule } from '@selfsup/engine/stage';
import { assertKnown, type Workspace } from './workspace.ts';

const partPattern = /^[a-z0-9-]+\/[a-z0-9-]+$/;

/** The parts of a package: folders of its `src` that hold a file of the same name, as `tasks/rotnet`. */
export function partsOf(workspace: Workspace, packageName: string): string[] {
  const source = join(workspace.root, 'packages', packageName, 'src');
  const names = new Set<string>();
  for (const name of safeList(source)) {
    if (existsSync(join(source, name, `${name}.ts`))) names.add(`${packageName}/${name}`);
  }
  return [...names].sort();
}

/** All parts of all packages, sorted. The engine has none: nothing of it is chosen by name. */
export function allParts(workspace: Workspace): string[] {
  return safeList(join(workspace.root, 'packages'))
    .filter((name) => name !== 'engine')
    .flatMap((name) => partsOf(workspace, name));
}

/**
 * Source file of a part such as `tasks/rotnet`.
 * Throws `UserError` (with `where`) listing the parts there are when it does not exist.
 */
export function partFile(workspace: Workspace, part: string, where: { file?: string; field?: string } = {}): string {
  if (!partPattern.test(part)) {
    throw new UserError(`'${part}' is no name of a part`, {
      ...where,
      remedy: 'Write <package>/<name> in lower case, such as tasks/rotnet.',
    });
  }
  const [packageName, name] = part.split('/') as [string, string];
  assertKnown('part', part, allParts(workspace), `packages/${packageName}/src/${name}/${name}.ts`, where);
  return join(workspace.root, 'packages', packageName, 'src', name, `${name}.ts`);
}

/** Loads the stage module of a part. Throws `UserError` (with `where`) when the part is missing or no stage. */
export async function loadStageModule(
  workspace: Workspace,
  part: string,
  where: { file?: string; field?: string } = {},
): Promise<StageModule> {
  const file = partFile(workspace, part, where);
  const loaded = (await import(pathToFileURL(file).href)) as { default?: Partial<StageModule> };
  const module = loaded.default;
  if (typeof module?.run !== 'function' || module.schema === undefined || !Array.isArray(module.roles)) {
    throw new UserError(`'${part}' is not a stage: its default export lacks schema, roles or run`, {
      ...where,
      remedy: `Name a task or an evaluation, or make ${part} export a StageModule.`,
    });
  }
  return module as StageModule;
}

function safeList(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}
