import { readSettings } from '@selfsup/engine/status';
import { UserError } from '@selfsup/kit/errors';
import { Interrupted } from '@selfsup/kit/stage';
import { checkStages } from '../declare/check-stages.ts';
import type { Experiment } from '../declare/experiment.ts';
import type { Stage } from '../declare/stage.ts';
import { announceExact } from './announce-exact.ts';
import { childCommand } from './child-command.ts';
import { ChildFailed } from './ended.ts';
import { runGraph } from './graph.ts';
import { checkProcesses } from './launch.ts';
import { requireNamedImages } from './named-images.ts';
import { isThere, lookAt } from './run-stage.ts';
import type { Session } from './session.ts';
import { lookAtTested } from './tested-photographs.ts';
import { twinsAmong } from './twins.ts';

/** What is to be brought up to date: stages of some experiments, each after what it needs; datasets are added. */
export interface Wanted {
  readonly experiments: readonly Experiment[];
  readonly stages: readonly Stage[];
}

/** How stages are brought up to date. */
interface RunOptions {
  /** Names of stages to compute anew. */
  readonly force?: readonly string[] | undefined;
  /** Read all source files to see whether they have changed. */
  readonly fullHash?: boolean | undefined;
  /** Say of each stage that is done that it is. */
  readonly verbose?: boolean | undefined;
  /** How many stages at once; one where nothing is said. */
  readonly atOnce?: number | undefined;
  /** Whether what needs no failed stage goes on after a failure. */
  readonly goesOn?: boolean | undefined;
}

/** What was computed, and what could not be. */
export interface Ran {
  /** Labels of the stages that were computed. */
  readonly computed: readonly string[];
  readonly failed: readonly Stage[];
  /** Those that need one that failed. */
  readonly leftOut: readonly Stage[];
}

/**
 * Brings stages up to date without Nx: each after what it needs and after one that will have the same key, those that are
 * done passed over in milliseconds, the others in processes of their own. Everything is checked before the first of them
 * starts. Throws `UserError` and `Interrupted`, and unless it goes on what a stage threw.
 */
export async function runStages(session: Session, { experiments, stages }: Wanted, how: RunOptions): Promise<Ran> {
  const { force = [], fullHash = false, verbose = false, atOnce = 1, goesOn = false } = how;
  await announceExact(session, stages);
  const units = withDatasets(stages);
  const byFolder = new Map(units.map((unit) => [unit.folder, unit]));
  const twins = twinsAmong(units);
  const needsOf = (unit: Stage): Stage[] =>
    [...Object.values(unit.needs), ...(twins.has(unit) ? [twins.get(unit)!] : [])].flatMap(
      ({ folder }) => byFolder.get(folder) ?? [],
    );
  let checking: Promise<void> | undefined;
  const check = (): Promise<void> =>
    (checking ??= (async () => {
      readSettings();
      await checkStages(session, experiments);
    })());
  if (goesOn || session.processes > 1) await check();
  await checkProcesses(session, stages);
  let lookingAtImages: Promise<unknown> | undefined;
  const shared = atOnce > 1 ? { threads: tellThreads(atOnce) } : undefined;
  const computed: string[] = [];
  const { failed, leftOut } = await runGraph(units, needsOf, { atOnce, goesOn }, async (stage) => {
    const asked = { force: stage.kind !== 'dataset' && force.includes(stage.name), fullHash, announced: true };
    if (!asked.force && (await isDone(session, stage, fullHash))) {
      if (verbose) console.log(`${stage.label}: done already`);
      return;
    }
    if (session.signal.aborted) throw new Interrupted('Stopped.');
    await check();
    // Datasets come first; before hours of training it is known what they have and what they share.
    if (stage.kind !== 'dataset') await (lookingAtImages ??= lookAtImages(session, stages));
    await childCommand(session, stage, { ...asked, shared });
    computed.push(stage.label);
  });
  for (const error of failed.values()) if (!(error instanceof ChildFailed)) tell(error);
  return { computed, failed: [...failed.keys()], leftOut };
}

async function lookAtImages(session: Session, stages: readonly Stage[]): Promise<void> {
  await requireNamedImages(session, stages);
  await lookAtTested(session, stages);
}

/** Throws `UserError` naming what failed and what was left out for it, where there is any. */
export function refuseFailures({ failed, leftOut }: Ran): void {
  if (failed.length === 0) return;
  // The variants of a sweep are told apart by their settings, the lines above by their labels.
  const label = ({ label: one, brief = one }: Stage): string => `\n  ${brief === one ? one : `${brief} (${one})`}`;
  const lost = leftOut.length === 0 ? '' : `\nNot run, since they need these:${leftOut.map(label).join('')}`;
  throw new UserError(`Failed:${failed.map(label).join('')}${lost}`, {
    remedy: 'Each has said why above. The same command goes on with them; all else is done.',
  });
}

/** The stages with the datasets that they need, each once, those of a stage before it. */
export function withDatasets(stages: readonly Stage[]): Stage[] {
  const found = new Map<string, Stage>();
  const datasets = stages.flatMap(({ needs }) => Object.values(needs).filter(({ kind }) => kind === 'dataset'));
  for (const unit of [...datasets, ...stages]) if (!found.has(unit.folder)) found.set(unit.folder, unit);
  return [...found.values()];
}

/** Threads of each of several stages at once, unless the environment says how many. */
function tellThreads(atOnce: number): number {
  const { threads } = readSettings();
  const each = process.env['SELFSUP_THREADS'] ? threads : Math.max(1, Math.floor(threads / atOnce));
  console.log(`Up to ${atOnce} stages at once, each with ${each === 1 ? 'one thread' : `${each} threads`}.`);
  return each;
}

function tell(error: unknown): void {
  if (!(error instanceof UserError)) throw error;
  console.error(`error: ${error.describe()}`);
}

/** Whether a stage is up to date; where it is published at all, the source of a dataset is looked at. */
export async function isDone(session: Session, stage: Stage, fullHash = false): Promise<boolean> {
  if (session.remotes.all.length === 0 && !(await isThere(stage))) return false;
  const decision = await lookAt(session, stage, { force: false, fullHash });
  return decision === 'kept' || decision?.fresh === true;
}
