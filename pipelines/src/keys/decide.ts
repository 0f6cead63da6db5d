import type { EngineIdentity } from '@selfsup/engine/status';
import { partFile, partKind } from '../declare/parts.ts';
import type { Asked, Prepared, Stage } from '../declare/stage.ts';
import type { Session } from '../run/session.ts';
import {
  damageOf,
  isComplete,
  keyOf,
  readFacts,
  readManifest,
  type KeyParts,
  type Manifest,
} from '../store/manifest.ts';
import { damageIn } from '../store/sums.ts';
import { codeKey, type CodeKey } from './code-key/code-key.ts';
import { placeDifferences, type Place } from './place.ts';

/** What a stage asks for now. */
export interface AskedFor {
  readonly key: string;
  readonly keyParts: KeyParts;
  readonly code: CodeKey;
  readonly parts: readonly string[];
  /** Where it would be computed now; undefined where that has no influence. */
  readonly place: Place | undefined;
  /** Undefined where the key was found without. */
  readonly prepared: Prepared | undefined;
}

/** Whether a stage is done, and all that says so. */
export interface Decision extends AskedFor {
  /** What is published now, fresh or not. */
  readonly published: Manifest | undefined;
  /** The key is the published one, its blobs and files are whole, and where all must be exact, its place is like this one. */
  readonly fresh: boolean;
  /** What is missing or was altered of the result of this key, or of the manifest; undefined where nothing is. */
  readonly damage: string | undefined;
}

/** Compares what a stage asks for with what is published. Undefined and throws as `askedFor`. */
export async function decideStage(session: Session, stage: Stage, asked: Asked = {}): Promise<Decision | undefined> {
  const found = await askedFor(session, stage, asked);
  if (found === undefined) return undefined;
  const published = readManifest(stage.folder);
  const isOurs = published?.key === found.key;
  const damage = isOurs ? await damageOf(published, stage.folder, stage.store) : damageIn(stage.folder);
  const isHere = !session.exact || placeDifferences(published?.places ?? [], found.place).length === 0;
  return { ...found, published, fresh: isOurs && isHere && damage === undefined, damage };
}

/**
 * Computes the key of a stage. Undefined while something it needs is not published. Quick where nothing changed: the parts
 * that the published manifest names are tried first, so the stage's module, and with it TensorFlow, need not be loaded. Of
 * a dataset the source is looked at. Throws as `prepare`.
 */
export async function askedFor(
  session: Session,
  stage: Stage,
  asked: Asked = {},
  published = readFacts(stage.folder),
): Promise<AskedFor | undefined> {
  const needs: Record<string, string> = {};
  const inherited: string[] = [];
  for (const [role, { folder }] of Object.entries(stage.needs)) {
    const manifest = readFacts(folder);
    if (manifest === undefined) return undefined;
    needs[role] = manifest.outputDigest;
    // Whoever loads a checkpoint rebuilds its network, so that code counts too.
    inherited.push(...manifest.parts.filter((part) => partKind(session.workspace, part) === 'network'));
  }
  const compute = async (identity: unknown, parts: readonly string[], prepared?: Prepared): Promise<AskedFor> => {
    const chosen = [...parts, ...inherited].map((part) => partFile(session.workspace, part));
    const code = await codeKey(session.workspace, [stage.root, ...chosen]);
    const isOfEngine = Object.keys(code.packages).some((name) => name.startsWith('@tensorflow/'));
    const engine = isOfEngine ? await engineOf() : undefined;
    const keyParts: KeyParts = {
      uses: stage.uses,
      seed: stage.seed,
      config: identity,
      needs,
      ...(engine === undefined ? {} : { engine: engine.engine }),
      code: code.key,
      ...(stage.dryRun ? { dryRun: true } : {}),
    };
    return { key: keyOf(keyParts, stage.keyed), place: engine?.place, keyParts, code, parts, prepared };
  };
  if (stage.declared !== undefined && published !== undefined && partsExist(session, published.parts)) {
    const quick = await compute(stage.declared, published.parts);
    if (quick.key === published.key) return quick;
  }
  const prepared = await stage.prepare(session, asked);
  return compute(prepared.identity, prepared.parts, prepared);
}

/** Whether what is published now is the result of this key, whole, and where all must be exact, of a place like this one. */
export async function isPublished(
  session: Session,
  { folder, store }: Stage,
  { key, place }: Pick<Decision, 'key' | 'place'>,
): Promise<boolean> {
  const published = readFacts(folder);
  if (published?.key !== key) return false;
  if (session.exact && placeDifferences(published.places, place).length > 0) return false;
  return isComplete(published, folder, store);
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
  engine ??= import('@selfsup/engine/status').then(({ engineIdentity }) => engineIdentity());
  return engine;
}
