import { join } from 'node:path';
import { setUpEngine } from '@selfsup/engine/status';
import { UserError } from '@selfsup/kit/errors';
import { dryRun, wholeWork, type StageInput } from '@selfsup/kit/stage';
import type { Stage } from '../declare/stage.ts';
import { decideStage, type Decision } from '../keys/decide.ts';
import { blobsMissing, bringBlobs, bringNamed, bringResult } from '../remotes/bring.ts';
import { forgetElsewhere, isOffline } from '../remotes/elsewhere.ts';
import { assertWritable } from '../store/artifacts.ts';
import { isComplete, readManifest, readMetrics, type Manifest } from '../store/manifest.ts';
import { labelOf } from '../store/published-results.ts';
import { blobPath } from '../store/store.ts';
import { advised } from './advised.ts';
import { agree } from './agree.ts';
import { announceExact } from './announce-exact.ts';
import { childCommand, type StageOptions } from './child-command.ts';
import { requireNamedImages } from './named-images.ts';
import { forgetProgress, progressFile, recordedProgress } from './recorded-progress.ts';
import type { Outcome } from './run-unit.ts';
import type { Session } from './session.ts';
import { lookAtTested } from './tested-photographs.ts';

/**
 * Brings one stage up to date in this process. What it needs and lacks (a deleted or damaged blob) is made first, in processes
 * of their own; TensorFlow is set up for what computes with it, so that results of elsewhere need none. Throws `UserError`, and `Interrupted` on abort.
 */
export async function runStage(session: Session, stage: Stage, options: StageOptions): Promise<Outcome> {
  assertWritable(session.artifacts);
  for (const need of Object.values(stage.needs)) await ensureNeed(session, stage, need, options);
  const decision = await lookAt(session, stage, options);
  if (decision === undefined) throw new Error(`What ${stage.label} needs vanished while it was looked at`);
  if (decision === 'kept' || (decision.fresh && !options.force)) return 'fresh';
  if (decision.damage !== undefined)
    session.progress(stage.label).warn(`what was published is damaged: ${decision.damage}`);
  if (decision.place !== undefined) await setUpEngine({ progress: session.progress(stage.label) });
  const { runUnit } = await import('./run-unit.ts');
  if (!options.force && options.announced !== true) await announceExact(session, [stage], () => decision);
  for (const need of Object.values(stage.needs)) await ensureBlobs(session, stage, need, options);
  await requireNamedImages(session, options.beside ?? []);
  const remarks = await lookAtTested(session, [stage]);
  const prepared = decision.prepared ?? (await stage.prepare(session, options));
  const { config, run, rehearse } = prepared;
  const { key, keyParts, parts, code, place } = decision;
  return runUnit(session, stage, {
    manifest: { key, keyParts, parts, code, resolvedConfig: config },
    place,
    force: options.force,
    async run(workFolder) {
      await agree(session, stage, decision, prepared);
      const told = recordedProgress(session.progress(stage.label), progressFile(stage));
      const result = await (stage.dryRun && rehearse ? rehearse : run)({
        seed: stage.seed,
        needs: stageInputs(stage),
        workFolder,
        progress: advised(told, stage.smallTwin),
        signal: session.signal,
        extent: stage.dryRun ? dryRun : wholeWork,
      }).finally(() => forgetProgress(stage));
      await stage.refuse?.(workFolder);
      return remarks.length === 0 ? result : { ...result, remarks: [...(result.remarks ?? []), ...remarks] };
    },
  });
}

/**
 * Decides on a stage as `decideStage`; 'kept' where the source of a dataset is gone or would have to be fetched, what was
 * made of it is there, here or in a remote, and nothing else was asked for. Throws `UserError` for a result that is done, but refused by what is declared now.
 */
export async function lookAt(
  session: Session,
  stage: Stage,
  options: StageOptions,
): Promise<Decision | 'kept' | undefined> {
  let decision: Decision | undefined;
  const isAsked = options.path !== undefined || options.force || options.fullHash === true;
  try {
    // Nobody fetches a source to find out that what was made of it is there.
    decision = await decideStage(session, stage, { ...options, fetchNothing: !isAsked });
  } catch (error) {
    if (!(error instanceof UserError) || isAsked) throw error;
    const isToBeFetched = error.name === 'NotFetched';
    const willDo = async (manifest: Manifest): Promise<boolean> =>
      !(isToBeFetched && isStandIn(manifest)) && ((await stage.survives?.(manifest.resolvedConfig)) ?? false);
    const isThere = (await isKept(stage, willDo)) || (await bringKept(session, stage, willDo));
    if (!isThere && !isToBeFetched) throw error;
    if (isThere) {
      await stage.refuse?.(stage.folder);
      const kept = 'What was ingested before is kept; its source cannot be read now';
      if (!isToBeFetched) session.progress(stage.label).warn(`${kept}: ${error.message}`);
      return 'kept';
    }
    decision = await decideStage(session, stage, options);
  }
  if (decision !== undefined && !decision.fresh && !options.force && (await bringStage(session, stage, decision))) {
    decision = { ...decision, published: readManifest(stage.folder), fresh: true, damage: undefined };
  }
  if (decision?.fresh === true) await stage.refuse?.(stage.folder);
  return decision;
}

/** Takes the result of a stage from a remote that has it. */
async function bringStage(session: Session, stage: Stage, { key, place }: Decision): Promise<boolean> {
  if (stage.dryRun) return false;
  const from = await bringResult(session, key, { ...stage, exactly: session.exact ? place : undefined });
  if (from !== undefined) session.progress(stage.label).note(`taken from ${from}`);
  return from !== undefined;
}

/** Takes from a remote what stays good without a look at its source, which is not here. */
async function bringKept(session: Session, stage: Stage, accept: Fitness): Promise<boolean> {
  if (stage.survives === undefined) return false;
  const from = await bringNamed(session, labelOf(session.artifacts, stage.folder), { ...stage, accept });
  if (from !== undefined) session.progress(stage.label).note(`taken from ${from} by its config`);
  return from !== undefined;
}

/** Whether something whole is there, once remotes have been asked for it, and for what it needs before it. */
async function isBrought(session: Session, stage: Stage): Promise<boolean> {
  if (await isThere(stage)) return true;
  if (session.remotes.all.length === 0) return false;
  for (const need of Object.values(stage.needs)) if (!(await isBrought(session, need))) return false;
  const decision = await lookAt(session, stage, { force: false });
  return decision === 'kept' || decision?.fresh === true;
}

/** Whether something whole is published, of whatever key. */
export async function isThere({ folder, store }: Stage): Promise<boolean> {
  const manifest = readManifest(folder);
  return manifest !== undefined && (await isComplete(manifest, folder, store));
}

type Fitness = (manifest: Manifest) => Promise<boolean>;

/** Whether what a stage published stays good without being looked at further. */
async function isKept(stage: Stage, willDo: Fitness): Promise<boolean> {
  const manifest = readManifest(stage.folder);
  return manifest !== undefined && (await isThere(stage)) && (await willDo(manifest));
}

/** Whether a dataset was made of another source than the one meant, which may be had by now. */
function isStandIn({ keyParts }: Manifest): boolean {
  return (keyParts.config as { readonly fallback?: unknown } | null)?.fallback === true;
}

/** Makes a need anew where it is not published or its blobs are not whole. */
async function ensureNeed(session: Session, stage: Stage, need: Stage, { alone }: StageOptions): Promise<void> {
  if (await isBrought(session, need)) return;
  const state = readManifest(need.folder) ? 'damaged' : 'missing';
  if (alone === true) throw lacks(stage, need, state);
  session.progress(stage.label).note(`needs ${need.label}, which is ${state}`);
  await childCommand(session, need, { force: false });
}

/** Fetches the blobs of a need that lie in a remote; where none has them any more, it is made anew. */
async function ensureBlobs(session: Session, stage: Stage, need: Stage, { alone }: StageOptions): Promise<void> {
  const digests = Object.values(readManifest(need.folder)?.blobs ?? {}).map(({ sha256 }) => sha256);
  const missing = await bringBlobs(session, need.store, digests, need.label);
  if (missing.length === 0) return;
  if (isOffline()) throw blobsMissing(need.folder, missing);
  if (alone === true) throw lacks(stage, need, 'without its blobs');
  for (const digest of missing) await forgetElsewhere(need.store, digest);
  session.progress(stage.label).note(`needs ${need.label}, whose blobs no remote has any more`);
  await childCommand(session, need, { force: false });
}

/** On a node, where each stage has the time and the cores that were asked for it alone. */
function lacks(stage: Stage, need: Stage, state: string): UserError {
  return new UserError(`${stage.label} needs ${need.label}, which is ${state}`, {
    file: need.folder,
    remedy: `Make it first: selfsup ${need.command.join(' ')}. Or leave --alone out: then it is made on the way.`,
  });
}

/** What the stages before it have published, by role. */
export function stageInputs({ needs }: Stage): Record<string, StageInput> {
  return Object.fromEntries(Object.entries(needs).map(([role, need]) => [role, stageInput(need)]));
}

function stageInput({ ref, folder, store }: Stage): StageInput {
  const manifest = readManifest(folder)!;
  return {
    ref,
    folder,
    metrics: readMetrics(folder),
    blob(name) {
      const blob = manifest.blobs[name];
      if (blob === undefined) {
        throw new UserError(`'${ref}' publishes no blob '${name}'`, {
          file: join(folder, 'manifest.json'),
          remedy: `It has: ${Object.keys(manifest.blobs).join(', ') || 'none'}. Another stage may be what is needed.`,
        });
      }
      return blobPath(store, blob.sha256);
    },
  };
}
