import { join } from 'node:path';
import { dryRun, wholeWork } from '@selfsup/kit/extent';
import type { StageContext, StageInput, StageResult } from '@selfsup/kit/stage';
import { UserError } from '@selfsup/kit/errors';
import { advised } from './advised.ts';
import { announceExact } from './announce-exact.ts';
import { assertWritable, publishedFolder, storeOf, unitLabel } from '../store/artifacts.ts';
import { type Experiment, findStage, findVariant } from '../declare/experiment.ts';
import { isComplete, readManifest, readMetrics } from '../store/manifest.ts';
import { childCommand, isUnderNx } from './child-command.ts';
import { type Outcome, runUnit } from './run-unit.ts';
import type { Session } from './session.ts';
import { decideStage, loadChecked, neededUnit, type StageId } from '../keys/stage-key.ts';
import { blobPath } from '../store/store.ts';

/**
 * Brings one stage up to date in this process. What it needs and lacks (a deleted or damaged blob) is made first,
 * in processes of their own. Throws `UserError`, and `Interrupted` on abort.
 */
export async function runStage(
  session: Session,
  experiment: Experiment,
  id: StageId,
  options: { force: boolean; overrides: readonly string[]; announced?: boolean | undefined },
): Promise<Outcome> {
  assertWritable(session.artifacts);
  const declaration = findStage(experiment, findVariant(experiment, id.variant), id.stage);
  for (const ref of Object.values(declaration.needs)) await ensureNeed(session, id, ref, options.overrides);
  const decision = await decideStage(session, experiment, id);
  if (decision === undefined) throw new Error(`What ${unitLabel(id)} needs vanished while it was looked at`);
  if (decision.fresh && !options.force) return 'fresh';
  if (!options.force && options.announced !== true) await announceExact(session, [[experiment, id]]);
  if (isUnderNx()) {
    await childCommand(session, id, { ...options, announced: true });
    return 'computed';
  }
  const { module, config } = await loadChecked(session, experiment, id);
  const extent = session.dryRunFolder === undefined ? wholeWork : dryRun;
  const run = (context: StageContext<unknown>): Promise<StageResult> =>
    extent === dryRun && module.rehearse ? module.rehearse(context) : module.run(context);
  return runUnit(
    session,
    {
      id,
      key: decision.key,
      place: decision.place,
      named: stageWords(id, options.overrides),
      isFresh: async () => (await decideStage(session, experiment, id))?.fresh ?? false,
      manifest: {
        key: decision.key,
        keyParts: decision.keyParts,
        parts: decision.parts,
        code: decision.code,
        resolvedConfig: config,
      },
      run: (workFolder) =>
        run({
          config,
          seed: id.seed,
          needs: Object.fromEntries(
            Object.entries(declaration.needs).map(([role, ref]) => [role, stageInput(session, id, ref)]),
          ),
          workFolder,
          progress: advised(session.progress(unitLabel(id)), experiment.about.smallTwin),
          signal: session.signal,
          extent,
        }),
    },
    options.force,
  );
}

/** How commands name a stage. */
export function stageWords({ experiment, stage, variant, seed }: StageId, overrides: readonly string[]): string {
  const words = [experiment, stage, '--variant', variant, '--seed', String(seed)];
  return [...words, ...overrides.flatMap((one) => ['--set', `'${one}'`])].join(' ');
}

/** Makes a need anew where it is not published or its blobs are not whole. */
async function ensureNeed(session: Session, stage: StageId, ref: string, overrides: readonly string[]): Promise<void> {
  const unit = neededUnit(stage, ref);
  const folder = publishedFolder(session.artifacts, unit);
  const manifest = readManifest(folder);
  if (manifest !== undefined && (await isComplete(manifest, folder, storeOf(session.artifacts, unit)))) return;
  session.progress(unitLabel(stage)).note(`needs ${unitLabel(unit)}, which is ${manifest ? 'damaged' : 'missing'}`);
  await childCommand(session, unit, { force: false, overrides });
}

function stageInput(session: Session, stage: StageId, ref: string): StageInput {
  const unit = neededUnit(stage, ref);
  const folder = publishedFolder(session.artifacts, unit);
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
      return blobPath(storeOf(session.artifacts, unit), blob.sha256);
    },
  };
}
