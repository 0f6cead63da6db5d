import { readSettings } from '@selfsup/engine/status';
import { Interrupted } from '@selfsup/kit/stage';
import { datasetStage } from '../declare/dataset-stage.ts';
import { datasetsNeeded, findStage, type Experiment } from '../declare/experiment.ts';
import { partFile } from '../declare/parts.ts';
import type { Stage } from '../declare/stage.ts';
import { stagesOf, type Selection } from '../declare/stages.ts';
import { codeKey } from '../keys/code-key/code-key.ts';
import { announceExact } from './announce-exact.ts';
import { childCommand } from './child-command.ts';
import { isThere, lookAt } from './run-stage.ts';
import type { Session } from './session.ts';

/** What part of an experiment to run, and how. */
export interface RunOptions extends Selection {
  /** Stages to compute anew. */
  readonly force?: readonly string[] | undefined;
  /** Read all source files to see whether they have changed. */
  readonly fullHash?: boolean | undefined;
  /** What must be exact has been announced already. */
  readonly announced?: boolean | undefined;
  /** Say of each stage that is done that it is. */
  readonly verbose?: boolean | undefined;
}

/**
 * Brings an experiment up to date without Nx: each stage after what it needs, those that are done passed over in
 * milliseconds, the others in processes of their own. Everything is checked before the first of them starts.
 * Gives the labels of the stages that were computed.
 */
export async function runExperiment(session: Session, experiment: Experiment, options: RunOptions): Promise<string[]> {
  const { force = [], fullHash = false } = options;
  const stages = stagesOf(session, experiment, options);
  for (const stage of force) findStage(experiment, experiment.variants[0]!, stage);
  if (options.announced !== true) await announceExact(session, stages);
  const datasets = datasetsNeeded(experiment, options.variant).map((dataset) => datasetStage(session, dataset));
  const computed: string[] = [];
  for (const stage of [...datasets, ...stages]) {
    const how = { force: stage.kind !== 'dataset' && force.includes(stage.name), fullHash, announced: true };
    if (!how.force && (await isDone(session, stage, fullHash))) {
      if (options.verbose === true) console.log(`${stage.label}: done already`);
      continue;
    }
    if (session.signal.aborted) throw new Interrupted('Stopped.');
    if (computed.length === 0) {
      readSettings();
      await checkStages(session, experiment);
    }
    await childCommand(session, stage, how);
    computed.push(stage.label);
  }
  return computed;
}

/**
 * Checks every stage of every variant by the part's own schema, and that its code can be read: the keys of it are kept for
 * the processes that decide on the stages. Loads all modules, so it takes a moment. Throws `UserError`.
 */
export async function checkStages(session: Session, experiment: Experiment): Promise<void> {
  const { workspace } = session;
  for (const stage of stagesOf(session, experiment, { seed: 0 })) {
    const { parts } = await stage.prepare(session);
    await codeKey(workspace, [stage.root, ...parts.map((part) => partFile(workspace, part))]);
  }
}

/** Whether a stage is up to date; where it is published at all, the source of a dataset is looked at. */
async function isDone(session: Session, stage: Stage, fullHash: boolean): Promise<boolean> {
  if (session.remotes.all.length === 0 && !(await isThere(stage))) return false;
  const decision = await lookAt(session, stage, { force: false, fullHash });
  return decision === 'kept' || decision?.fresh === true;
}
