import type { EngineIdentity } from '@selfsup/engine/identity';
import type { StageModule } from '@selfsup/kit/stage';
import { UserError } from '@selfsup/kit/errors';
import { publishedFolder, storeOf, type UnitId } from '../store/artifacts.ts';
import { type CodeKey, codeKey } from './code-key/code-key.ts';
import { type Experiment, findStage, findVariant } from '../declare/experiment.ts';
import { isComplete, keyOf, type KeyParts, type Manifest, readManifest } from '../store/manifest.ts';
import { parseOrExplain } from '../declare/parse.ts';
import { loadStageModule, partFile } from '../declare/parts.ts';
import { type Place, placeDifferences } from './place.ts';
import type { Session } from '../run/session.ts';

export type StageId = Extract<UnitId, { kind: 'stage' }>;

/** Whether a stage is done, and all that says so. */
export interface Decision {
  readonly key: string;
  readonly keyParts: KeyParts;
  readonly code: CodeKey;
  readonly parts: readonly string[];
  /** Where it would be computed now; undefined where that has no influence. */
  readonly place: Place | undefined;
  /** What is published now, fresh or not. */
  readonly published: Manifest | undefined;
  /** The key is the published one, its blobs and files are whole, and where all must be exact, its place is like this one. */
  readonly fresh: boolean;
}

/** The unit that fills a need of a stage. */
export function neededUnit(stage: StageId, ref: string): UnitId {
  return ref.startsWith('data/') ? { kind: 'ingest', dataset: ref.slice('data/'.length) } : { ...stage, stage: ref };
}

/**
 * Computes the key of a stage and compares it with what is published. Undefined while something it needs is not
 * published. Quick where nothing changed: the parts that the published manifest names are tried first, so the
 * stage's module, and with it TensorFlow, need not be loaded.
 */
export async function decideStage(
  session: Session,
  experiment: Experiment,
  id: StageId,
): Promise<Decision | undefined> {
  const declaration = findStage(experiment, findVariant(experiment, id.variant), id.stage);
  const needs: Record<string, string> = {};
  const inherited: string[] = [];
  for (const [role, ref] of Object.entries(declaration.needs)) {
    const manifest = readManifest(publishedFolder(session.artifacts, neededUnit(id, ref)));
    if (manifest === undefined) return undefined;
    needs[role] = manifest.outputDigest;
    // Whoever loads a checkpoint rebuilds its network, so that code counts too.
    inherited.push(...manifest.parts.filter((part) => part.startsWith('models/')));
  }
  const folder = publishedFolder(session.artifacts, id);
  const published = readManifest(folder);
  const compute = async (parts: readonly string[]): Promise<Decision> => {
    const roots = [declaration.uses, ...parts, ...inherited].map((part) => partFile(session.workspace, part));
    const code = await codeKey(session.workspace, roots);
    const engine = Object.keys(code.packages).some((name) => name.startsWith('@tensorflow/'))
      ? await engineOf()
      : undefined;
    const keyParts: KeyParts = {
      uses: declaration.uses,
      seed: id.seed,
      config: declaration.config,
      needs,
      ...(engine === undefined ? {} : { engine: engine.engine }),
      code: code.key,
      ...(session.dryRunFolder === undefined ? {} : { dryRun: true }),
    };
    const key = keyOf(keyParts);
    const place = engine?.place;
    const fresh =
      published?.key === key &&
      !(session.exact && placeDifferences(published.places, place).length > 0) &&
      (await isComplete(published, folder, storeOf(session.artifacts, id)));
    return { key, keyParts, code, parts, place, published, fresh };
  };
  if (published !== undefined && partsExist(session, published.parts)) {
    const quick = await compute(published.parts);
    if (quick.key === published.key) return quick;
  }
  const { module, config } = await loadChecked(session, experiment, id);
  return compute(module.parts?.(config) ?? []);
}

/** Loads a stage's module and checks config and roles by it. Throws `UserError` naming file and field. */
export async function loadChecked(
  session: Session,
  experiment: Experiment,
  id: StageId,
): Promise<{ module: StageModule; config: unknown }> {
  const declaration = findStage(experiment, findVariant(experiment, id.variant), id.stage);
  const { file } = experiment;
  const module = await loadStageModule(session.workspace, declaration.uses, { file, field: `stages.${id.stage}.uses` });
  const config = parseOrExplain(module.schema, declaration.config, file, `stages.${id.stage}.config`);
  const roles = [...module.roles, ...(module.rolesFor?.(config) ?? [])];
  for (const role of roles) {
    if (Object.hasOwn(declaration.needs, role)) continue;
    throw new UserError(`Stage '${id.stage}' (${declaration.uses}) needs a '${role}'`, {
      file,
      field: `stages.${id.stage}.needs.${role}`,
      remedy: 'Name a stage of this experiment, or data/<dataset>.',
    });
  }
  const optional = module.optionalRoles ?? [];
  for (const role of Object.keys(declaration.needs)) {
    if (roles.includes(role) || optional.includes(role)) continue;
    throw new UserError(`Stage '${id.stage}' (${declaration.uses}) has no use for a '${role}'`, {
      file,
      field: `stages.${id.stage}.needs.${role}`,
      remedy: `It needs: ${roles.join(', ') || 'nothing'}.${optional.length > 0 ? ` It may have: ${optional.join(', ')}.` : ''}`,
    });
  }
  for (const part of module.parts?.(config) ?? []) {
    partFile(session.workspace, part, { file, field: `stages.${id.stage}.config` });
  }
  return { module, config };
}

/** Checks every stage of every variant by the part's own schema. Loads all modules, so it takes a moment. */
export async function checkStages(session: Session, experiment: Experiment): Promise<void> {
  for (const variant of experiment.variants) {
    for (const stage of variant.order) {
      const id: StageId = { kind: 'stage', experiment: experiment.name, variant: variant.name, seed: 0, stage };
      await loadChecked(session, experiment, id);
    }
  }
}

function partsExist(session: Session, parts: readonly string[]): boolean {
  try {
    for (const part of parts) partFile(session.workspace, part);
    return true;
  } catch {
    return false;
  }
}

let engine: Promise<EngineIdentity> | undefined;

function engineOf(): Promise<EngineIdentity> {
  engine ??= import('@selfsup/engine/identity').then(({ engineIdentity }) => engineIdentity());
  return engine;
}
