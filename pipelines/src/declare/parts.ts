import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { UserError } from '@selfsup/kit/errors';
import { entryPath, partNames, partPath, partPlaces, partsKind, partThere } from '@selfsup/kit/parts';
import type { StageFile, StageModule } from '@selfsup/kit/stage';
import { assertKnown, type Workspace } from './workspace.ts';

/** A network that a config names. */
export interface NamedNetwork {
  /** Such as `models/nin`. */
  readonly part: string;
  /** The keys that lead to its name: `['network', 'name']`. */
  readonly path: readonly string[];
  /** The name and the network's own settings. */
  readonly section: Readonly<Record<string, unknown>>;
}

const partPattern = /^[a-z0-9-]+\/[a-z0-9-]+$/;

/** The parts of a package, as `tasks/rotnet`. */
export function partsOf(workspace: Workspace, packageName: string): string[] {
  return partNames(packageFolder(workspace, packageName)).map((name) => `${packageName}/${name}`);
}

/** All parts of all packages, sorted. */
export function allParts(workspace: Workspace): string[] {
  return safeList(join(workspace.root, 'packages')).flatMap((name) => partsOf(workspace, name));
}

const packageFolder = (workspace: Workspace, name: string): string => join(workspace.root, 'packages', name);

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
  const folder = packageFolder(workspace, packageName);
  const there = partThere(folder, name);
  if (there !== undefined) return join(folder, there);
  const file = partPath(folder, name);
  assertKnown('part', part, allParts(workspace), `packages/${packageName}/${file}`, where);
  return join(folder, file);
}

/** What a part such as `tasks/rotnet` is: `pretraining`. */
export function partKind(workspace: Workspace, part: string): ReturnType<typeof partsKind> {
  return partsKind(packageFolder(workspace, part.split('/')[0]!));
}

/** Source file of an entry of a package, such as `./ingest` of `data`. Throws `UserError` where it has none. */
export function packageEntry(workspace: Workspace, packageName: string, entry: string): string {
  const folder = packageFolder(workspace, packageName);
  const file = entryPath(folder, entry);
  if (file !== undefined) return join(folder, file);
  throw new UserError(`The package ${packageName} has no entry '${entry}'`, {
    file: join(folder, 'package.json'),
    remedy: 'Name its file under "exports".',
  });
}

/** Whether the weights of a stage are learned from images even in 0 epochs, as the part that it uses says. */
export async function learnsWithoutEpochs(workspace: Workspace, part: string): Promise<boolean> {
  return (await loadPart(workspace, part)).learnsWithoutEpochs ?? false;
}

/** What images of the dataset of a stage must have, as the part that it uses says. */
export async function imagesHave(workspace: Workspace, part: string): Promise<StageFile['imagesHave']> {
  return (await loadPart(workspace, part)).imagesHave;
}

/** Whether the config of a stage may name layers of the encoder that are no probe points, as the part that it uses says. */
export async function takesAnyLayer(workspace: Workspace, part: string): Promise<boolean> {
  return (await loadPart(workspace, part)).takesAnyLayer ?? false;
}

/** Where the config of a stage chooses networks by name: the keys that lead to each name, and the section it stands in. */
export function networksNamed(workspace: Workspace, config: unknown): NamedNetwork[] {
  const packages = safeList(join(workspace.root, 'packages')).filter(
    (name) => partsKind(packageFolder(workspace, name)) === 'network',
  );
  return packages.flatMap((packageName) =>
    partPlaces(packageFolder(workspace, packageName))(config).flatMap(({ path, name, section }) =>
      typeof name === 'string' ? [{ part: `${packageName}/${name}`, path, section }] : [],
    ),
  );
}

function loadPart(workspace: Workspace, part: string, where = {}): Promise<Partial<StageFile>> {
  return import(pathToFileURL(partFile(workspace, part, where)).href) as Promise<Partial<StageFile>>;
}

/** Loads the stage module of a part. Throws `UserError` (with `where`) when the part is missing or no stage. */
export async function loadStageModule(
  workspace: Workspace,
  part: string,
  where: { file?: string; field?: string } = {},
): Promise<StageModule> {
  const module: Partial<StageModule> | undefined = (await loadPart(workspace, part, where)).default;
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
