import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { UserError } from '@selfsup/kit/errors';
import { findStage } from '../declare/experiment.ts';
import { atOnceOption, collect, minutesOption, processesOption, withAsked, type AskedOptions } from '../options.ts';
import { writePlanReport } from '../report/write-plan-report.ts';
import { readPlan, wantedOf, type Plan } from '../run/plan.ts';
import { refuseFailures, runStages, type Ran } from '../run/run-stages.ts';
import { openSession, type Session } from '../run/session.ts';
import { assertWritable } from '../store/artifacts.ts';
import { shownPath } from '../store/shown-path.ts';

interface Options extends AskedOptions {
  dryRun: boolean;
  fullHash: boolean;
  force: string[];
  exact?: boolean;
  maxMinutes?: number;
  atOnce?: number;
  processes?: number;
}

export default withAsked(
  new Command('run').description(
    'Bring an experiment, comparison or study up to date without Nx, and write its report',
  ),
)
  .option(
    '--dry-run',
    'build everything on the real files, do two steps of each stage, keep nothing; what would run again is said by why',
    false,
  )
  .option('--full-hash', 'read all source files to see whether they have changed, as of ingest', false)
  .option('--force <stage>', 'compute this stage anew; may be given several times', collect, [])
  .option('--exact', 'compute anew what was computed on another processor or with other threads')
  .option('--max-minutes <n>', 'stop after this time; the same command goes on later', minutesOption)
  .option('--at-once <n>', 'how many stages at once, which share the threads; one by default', atOnceOption)
  .option('--processes <n>', 'so many processes share the steps of a training that cuts its batches', processesOption)
  .addHelpText(
    'after',
    `
Examples:
  selfsup run quickstart
  selfsup run rotnet --dry-run
  selfsup run jigsaw-imagenet --dry-run --data imagenet=imagenet-sample
  selfsup run rotnet-small --set pretrain.config.epochs=2 --set pretrain.config.batchSize=64
  selfsup run rotnet-small --set pretrain.config.epochs=2,5 --set pretrain.config.batchSize=64,128 --at-once 2
  selfsup run epochs.json                        # a study: the settings in a file
  selfsup run rotnet-small --stage pretrain --seed 2 --max-minutes 50
  selfsup run rotnet-small --set pretrain.config.replicas=4 --processes 2

Several values make a variant for each combination, and one report that compares them. A list is one value: [0,2];
so is a text in quotes: '"x,y"'. One that fails leaves the others alone; the same command goes on.`,
  )
  .action(async (name: string, options: Options) => {
    const { maxMinutes, exact, processes } = options;
    if ((options.atOnce ?? 1) > 1 && (processes ?? 1) > 1) {
      throw new UserError('Several stages at once and several processes for one would be in each other’s way', {
        ...{ field: '--processes', remedy: 'Give one of --at-once and --processes.' },
      });
    }
    const session = openSession({ maxMinutes, exact, processes });
    const plan = readPlan(session.workspace, name, options);
    refuseOfComparisons(plan, options);
    assertWritable(session.artifacts);
    if (options.dryRun) {
      await rehearse(session, plan, options);
      console.log(`${name}: the dry run went through; nothing of it is kept.`);
      return;
    }
    const ran = await carryOut(session, plan, options);
    console.log(`Report: ${shownPath((await writePlanReport(session, plan)).file)}`);
    refuseFailures(ran);
  });

function carryOut(session: Session, plan: Plan, { force, fullHash, atOnce }: Options): Promise<Ran> {
  const goesOn = plan.isSweep || (atOnce ?? 1) > 1;
  return runStages(session, wantedOf(session, plan), { force, fullHash, atOnce, goesOn, verbose: true });
}

/** Does it in a folder that is thrown away. */
async function rehearse(session: Session, plan: Plan, options: Options): Promise<void> {
  const parent = join(session.artifacts.root, 'work');
  mkdirSync(parent, { recursive: true });
  const dryRunFolder = mkdtempSync(join(parent, 'dry-run-'));
  const artifacts = { ...session.artifacts, stages: dryRunFolder, store: join(dryRunFolder, 'store') };
  try {
    refuseFailures(await carryOut({ ...session, dryRunFolder, artifacts }, plan, options));
  } finally {
    rmSync(dryRunFolder, { recursive: true, force: true });
  }
}

/** Throws `UserError` for an option that means something for one experiment alone, and for an unknown stage to force. */
function refuseOfComparisons({ name, report, experiments, isSweep }: Plan, options: Options): void {
  const { dryRun, fullHash, force } = options;
  if (!isSweep && 'comparison' in report) {
    const given = { force: force.length > 0, 'dry-run': dryRun, 'full-hash': fullHash };
    const wrong = Object.entries(given).find(([, isGiven]) => isGiven)?.[0];
    if (wrong !== undefined) {
      throw new UserError(`'${name}' is a comparison, and --${wrong} is for one experiment`, {
        file: report.comparison.file,
        remedy: `Leave it out, or run one of its experiments with it: ${experiments.map((one) => one.name).join(', ')}.`,
      });
    }
  }
  for (const stage of force) findStage(experiments[0]!, experiments[0]!.variants[0]!, stage);
}
