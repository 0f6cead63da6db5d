import { Command } from 'commander';
import { readExperiment } from '../declare/experiment.ts';
import { openSession } from '../run/session.ts';
import { shownPath } from '../store/shown-path.ts';
import { writeReport } from '../report/write-report.ts';

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
