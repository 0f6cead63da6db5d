import { Command } from 'commander';
import { UserError } from '@selfsup/kit/errors';
import { withAsked, type AskedOptions } from '../options.ts';
import { writePlanReport } from '../report/write-plan-report.ts';
import { writeOverview } from '../results/write-overview.ts';
import { readPlan } from '../run/plan.ts';
import { openSession } from '../run/session.ts';
import { shownPath } from '../store/shown-path.ts';

interface Options extends AskedOptions {
  all: boolean;
  to?: string;
}

export default withAsked(
  new Command('report').description(
    'Write the report of an experiment, comparison or study from what is published, or one page over all results',
  ),
  '[experiment, comparison or study.json]',
)
  .option('--all', 'the page over every published result, with links to the reports there are', false)
  .option(
    '--to <file.html>',
    'where to write it; artifacts/<experiment>/report/index.html by default. With --all a folder, which the reports are ' +
      'copied into too; by default it is artifacts/index.html beside them',
  )
  .addHelpText(
    'after',
    `
Examples:
  selfsup report quickstart
  selfsup report quickstart --to report.html
  selfsup report rotnet-small --set pretrain.config.epochs=2,5
  selfsup report --all
  selfsup report --all --to site                  # a folder for any web server`,
  )
  .action(async (name: string | undefined, { all, to, ...asked }: Options) => {
    if (all === (name !== undefined)) {
      throw new UserError(all ? `--all is over all experiments, and ${name} is one` : 'No experiment is named', {
        field: all ? '--all' : 'experiment',
        remedy: 'Name an experiment (selfsup list has them), or ask for --all.',
      });
    }
    const session = openSession();
    if (name === undefined) {
      const { file, damaged } = await writeOverview(session, to);
      for (const line of damaged) console.error(`not read: ${line}`);
      console.log(`Results: ${shownPath(file)}`);
      return;
    }
    const { file, warnings } = await writePlanReport(session, readPlan(session.workspace, name, asked), to);
    // As the page begins.
    for (const line of warnings) console.error(line);
    console.log(`Report: ${shownPath(file)}`);
  });
