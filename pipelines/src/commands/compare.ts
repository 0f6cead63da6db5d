import { Command } from 'commander';
import { comparisonFile } from '../declare/workspace.ts';
import { atOnceOption, collect, minutesOption } from '../options.ts';
import { writePlanReport } from '../report/write-plan-report.ts';
import { readPlan, wantedOf } from '../run/plan.ts';
import { refuseFailures, runStages } from '../run/run-stages.ts';
import { openSession } from '../run/session.ts';
import { shownPath } from '../store/shown-path.ts';

interface Options {
  set: string[];
  asIs: boolean;
  exact?: boolean;
  maxMinutes?: number;
  atOnce?: number;
  to?: string;
}

export default new Command('compare')
  .description('Bring the experiments of a comparison up to date, and write its report')
  .argument('<comparison>')
  .option('--set <path=value>', 'of each entry a variant with this override; several values make several', collect, [])
  .option('--as-is', 'run nothing; write the report from what is published', false)
  .option('--exact', 'compute anew what was computed on another processor or with other threads')
  .option('--max-minutes <n>', 'stop after this time; the same command goes on later', minutesOption)
  .option('--at-once <n>', 'how many stages at once, which share the threads; one by default', atOnceOption)
  .option('--to <file.html>', 'where to write the report; artifacts/compare/<comparison>/index.html by default')
  .addHelpText('after', '\nExamples:\n  selfsup compare cifar10-small\n  selfsup compare cifar10-small --as-is')
  .action(async (name: string, { set, asIs, exact, maxMinutes, atOnce = 1, to }: Options) => {
    const session = openSession({ maxMinutes, exact });
    comparisonFile(session.workspace, name);
    const plan = readPlan(session.workspace, name, { set });
    const how = { atOnce, goesOn: plan.isSweep || atOnce > 1, verbose: true };
    const ran = asIs ? undefined : await runStages(session, wantedOf(session, plan), how);
    console.log(`\nReport: ${shownPath((await writePlanReport(session, plan, to)).file)}`);
    if (ran !== undefined) refuseFailures(ran);
  });
