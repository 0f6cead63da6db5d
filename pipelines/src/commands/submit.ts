import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { readSettings } from '@selfsup/engine/status';
import { checkStages } from '../declare/check-stages.ts';
import type { Stage } from '../declare/stage.ts';
import { isStudyFile } from '../declare/study.ts';
import { atOnceOption, numberOption, withAsked, type AskedOptions } from '../options.ts';
import { writePlanReport } from '../report/write-plan-report.ts';
import { readPlan, wantedOf, type Plan } from '../run/plan.ts';
import { isDone, refuseFailures, runStages, withDatasets } from '../run/run-stages.ts';
import { openSession, type Session } from '../run/session.ts';
import { arraysOf } from '../slurm/arrays.ts';
import { checkOptions, type JobSettings } from '../slurm/sbatch.ts';
import { hasSlurm } from '../slurm/slurm.ts';
import { checkSettings, describeSubmission, dryRunLines, submitOrder, type Order } from '../slurm/submit.ts';
import { shownPath } from '../store/shown-path.ts';

interface Options extends AskedOptions {
  partition?: string;
  cpus?: number;
  atOnce?: number;
  restarts: number;
  dryRun: boolean;
}

const count = (atMost: number): ((value: string) => number) => numberOption({ whole: true, atLeast: 1, atMost });

const noSlurm = 'Slurm is not installed here (there is no sbatch)';
const defaultRestarts = 30;

export default withAsked(
  new Command('submit').description('Hand an experiment, comparison or study to Slurm; without Slurm, run it here'),
)
  .argument('[sbatch options...]', 'after --, with values behind a sign of equality: -- --time=4:00:00 --mem=8G')
  .option('--partition <names>', 'where to run')
  .option('--cpus <n>', 'cores and threads of each stage; SELFSUP_THREADS, or one, by default', count(9999))
  .option('--at-once <n>', 'how many elements of an array at once; 16 by default', atOnceOption)
  .option('--restarts <n>', 'starts in a row that may bring a stage no further', count(1000), defaultRestarts)
  .option('--dry-run', 'print the commands, submit nothing', false)
  .addHelpText(
    'after',
    `
Each stage is an array over variants and seeds, with the same numbers in all of them; an element starts when what it
needs is done. One that is stopped by its time limit, or by others, saves and goes back into the queue by itself; one that
fails takes those that wait for it out of the queue. What is done already is not submitted. selfsup jobs shows how it
goes, selfsup cancel ends it, and the same command again goes on with what is left.

Examples:
  selfsup submit rotnet --partition gpu --cpus 8 -- --time=4:00:00 --gres=gpu:1
  selfsup submit cifar10-small --dry-run
  selfsup submit rotnet-small --set pretrain.config.epochs=2,5,10 -- --time=1:00:00`,
  )
  .action(async (name: string, sbatch: string[], options: Options) => {
    const session = openSession();
    checkOptions(sbatch);
    const plan = readPlan(session.workspace, name, options);
    const wanted = wantedOf(session, plan);
    await checkStages(session, wanted.experiments);
    const units = withDatasets(wanted.stages);
    const left = await undone(session, units);
    if (left.length === 0) {
      console.log(`${plan.name}: all ${units.length} stages are done already`);
      console.log(`Report: ${shownPath((await writePlanReport(session, plan)).file)}`);
      return;
    }
    const words = { words: askedWords(name, options), flags: flagsOf(options) };
    const order: Order = { name: plan.name, arrays: arraysOf(left, units), ...words };
    const settings = jobSettings(sbatch, options);
    if (options.dryRun) {
      for (const line of dryRunLines(session, order, settings)) console.log(line);
      if (!hasSlurm()) console.error(`${noSlurm}: without --dry-run it would run on this machine.`);
      return;
    }
    if (!hasSlurm()) {
      const ignored = [...(options.cpus === undefined ? [] : [`--cpus=${options.cpus}`]), ...settings.options];
      const without = ignored.length === 0 ? '' : `, without ${ignored.join(' ')}`;
      console.log(`${noSlurm}: it runs on this machine${without}.`);
      return runHere(session, plan, options);
    }
    const place = { folder: join(session.artifacts.root, 'slurm'), root: session.workspace.root };
    for (const warning of checkSettings(order, settings, place)) console.error(`Warning: ${warning}`);
    const { folder, submission } = await submitOrder(session, order, settings);
    console.log(`Submitted ${left.length} of ${units.length} stages: ${shownPath(folder)}`);
    for (const line of describeSubmission(shownPath(folder), submission)) console.log(line);
    console.log('selfsup jobs shows how it goes.');
  });

function jobSettings(sbatch: readonly string[], { partition, cpus, atOnce = 16, restarts }: Options): JobSettings {
  const threads = process.env['SELFSUP_THREADS'] ? readSettings().threads : 1;
  const options = [...(partition === undefined ? [] : [`--partition=${partition}`]), ...sbatch];
  return { atOnce, cpus: cpus ?? threads, restarts, options };
}

/** The stages that are not done, or that need one that is not. */
async function undone(session: Session, units: readonly Stage[]): Promise<Stage[]> {
  const left = new Set<string>();
  for (const unit of units) {
    const waits = Object.values(unit.needs).some(({ folder }) => left.has(folder));
    if (waits || !(await isDone(session, unit))) left.add(unit.folder);
  }
  return units.filter(({ folder }) => left.has(folder));
}

/** The words that ask for the same, also from another folder. */
function askedWords(name: string, { set, data, variant, seed, stage }: Options): string[] {
  const asked = [...set.flatMap((one) => ['--set', one]), ...data.flatMap((one) => ['--data', one])];
  if (variant !== undefined) asked.push('--variant', variant);
  if (seed !== undefined) asked.push('--seed', String(seed));
  if (stage !== undefined) asked.push('--stage', stage);
  return [isStudyFile(name) ? resolve(name) : name, ...asked];
}

/** The options that say how elements run, where they were given. */
function flagsOf({ cpus, atOnce, restarts }: Options): string[] {
  const given = { cpus, 'at-once': atOnce, restarts: restarts === defaultRestarts ? undefined : restarts };
  return Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`, String(value)]));
}

async function runHere(session: Session, plan: Plan, { atOnce = 1 }: Options): Promise<void> {
  const ran = await runStages(session, wantedOf(session, plan), { atOnce, goesOn: true, verbose: true });
  console.log(`Report: ${shownPath((await writePlanReport(session, plan)).file)}`);
  refuseFailures(ran);
}
