import { relative } from 'node:path';
import { Command } from 'commander';
import { readExperiment } from '../experiment.ts';
import { openSession } from '../session.ts';
import { writeReport } from '../write-report.ts';

export default new Command('report')
  .description('Write the report of an experiment from what is published')
  .argument('<experiment>')
  .addHelpText('after', '\nExample:\n  selfsup report quickstart')
  .action(async (name: string) => {
    const session = openSession();
    const file = await writeReport(session, readExperiment(session.workspace, name));
    console.log(`Report: ${relative(process.cwd(), file)}`);
  });
