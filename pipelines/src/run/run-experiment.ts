import { announceExact } from './announce-exact.ts';
import { isComplete, readManifest } from '../store/manifest.ts';
import { childCommand } from './child-command.ts';
import { publishedFolder, storeOf, type UnitId, unitLabel } from '../store/artifacts.ts';
import { withNeeds } from '../declare/expand.mjs';
import { datasetsNeeded, type Experiment, findStage, findVariant } from '../declare/experiment.ts';
import { runIngest } from './run-ingest.ts';
import type { Session } from './session.ts';
import { checkStages, decideStage, type StageId } from '../keys/stage-key.ts';
import { readSettings } from '@selfsup/engine/settings';
import { Interrupted } from '@selfsup/kit/stage';

/** What part of an experiment to run, and how. */
export interface RunOptions {
  readonly variant?: string | undefined;
  readonly seed?: number | undefined;
  /** Only these stages and what they need. */
  readonly stages?: readonly string[] | undefined;
  /** Stages to compute anew. */
  readonly force?: readonly string[] | undefined;
  /** Read all source files to see whether they have changed. */
  readonly fullHash?: boolean | undefined;
  readonly overrides?: readonly string[] | undefined;
  /** What must be exact has been announced already. */
  readonly announced?: boolean | undefined;
  /** Say of each stage that is done that it is. */
  readonly verbose?: boolean | undefined;
}

/**
 * Brings an experiment up to date without Nx: each stage after what it needs, those that are done passed over in
 * milliseconds, the others in processes of their own. Everything is checked before the first of them starts.
 * Gives the labels of the units that were computed.
 */
export async function runExperiment(session: Session, experiment: Experiment, options: RunOptions): Promise<string[]> {
  const force = options.force ?? [];
  const overrides = options.overrides ?? [];
  const fullHash = options.fullHash ?? false;
  const computed: string[] = [];
  let checked = false;
  const compute = async (unit: UnitId, anew: boolean): Promise<void> => {
    if (session.signal.aborted) throw new Interrupted('Stopped.');
    if (!checked) {
      readSettings();
      await checkStages(session, experiment);
    }
    checked = true;
    await childCommand(session, unit, { force: anew, overrides, fullHash, announced: true });
    computed.push(unitLabel(unit));
  };
  const fresh = (unit: UnitId): void => {
    if (options.verbose === true) console.log(`${unitLabel(unit)}: done already`);
  };
  const stages = stageIds(experiment, options);
  for (const stage of force) findStage(experiment, experiment.variants[0]!, stage);
  if (options.announced !== true)
    await announceExact(
      session,
      stages.map((id) => [experiment, id] as const),
    );
  for (const dataset of datasetsNeeded(experiment, options.variant)) {
    const unit: UnitId = { kind: 'ingest', dataset };
    if (await ingestIsDone(session, dataset, fullHash)) fresh(unit);
    else await compute(unit, false);
  }
  for (const id of stages) {
    const forced = force.includes(id.stage);
    if (!forced && (await decideStage(session, experiment, id))?.fresh === true) fresh(id);
    else await compute(id, forced);
  }
  return computed;
}

/**
 * The stages to run in their order: each variant and seed, each stage after what it needs. Throws `UserError` for a variant
 * or stage that the experiment does not have.
 */
export function stageIds(experiment: Experiment, options: Pick<RunOptions, 'variant' | 'seed' | 'stages'>): StageId[] {
  if (options.variant !== undefined) findVariant(experiment, options.variant);
  return experiment.variants
    .filter(({ name }) => options.variant === undefined || name === options.variant)
    .flatMap((variant) => {
      for (const stage of options.stages ?? []) findStage(experiment, variant, stage);
      const wanted = withNeeds(variant, options.stages);
      return (options.seed === undefined ? experiment.seeds : [options.seed]).flatMap((seed) =>
        wanted.map((stage): StageId => ({
          kind: 'stage',
          experiment: experiment.name,
          variant: variant.name,
          seed,
          stage,
        })),
      );
    });
}

/** Whether an ingestion is up to date; where it is published at all, its source is looked at. */
async function ingestIsDone(session: Session, dataset: string, fullHash: boolean): Promise<boolean> {
  const unit: UnitId = { kind: 'ingest', dataset };
  const folder = publishedFolder(session.artifacts, unit);
  const manifest = readManifest(folder);
  if (manifest === undefined || !(await isComplete(manifest, folder, storeOf(session.artifacts, unit)))) return false;
  return (await runIngest(session, dataset, { force: false, fullHash, onlyLook: true })) === 'fresh';
}
