import { Command } from 'commander';
import { readExperiment } from '../experiment.ts';
import { openSession } from '../session.ts';
import { shownPath } from '../shown-path.ts';
import { writeReport } from '../write-report.ts';

export default new Command('report')
  .description('Write the report of an experiment from what is published')
  .argument('<experiment>')
  .option('--to <file.html>', 'where to write it; artifacts/<experiment>/report/index.html by default')
  .addHelpText('after', '\nExamples:\n  selfsup report quickstart\n  selfsup report quickstart --to report.html')
  .action(async (name: string, options: { to?: string }) => {
    const session = openSession();
    const file = await writeReport(session, readExperiment(session.workspace, name), options);
    console.log(`Report: ${shownPath(file)}`);
  });
