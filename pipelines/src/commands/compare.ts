import { relative } from 'node:path';
import { Command } from 'commander';
import { readComparison, runComparison } from '../comparison.ts';
import { openSession } from '../session.ts';
import { writeComparison } from '../write-comparison.ts';

interface Options {
  asIs: boolean;
  maxMinutes?: number;
}

export default new Command('compare')
  .description('Bring the experiments of a comparison up to date, and write its report')
  .argument('<comparison>')
  .option('--as-is', 'run nothing; write the report from what is published', false)
  .option('--max-minutes <n>', 'stop after this time; the same command goes on later', Number)
  .addHelpText('after', '\nExamples:\n  selfsup compare cifar10-small\n  selfsup compare cifar10-small --as-is')
  .action(async (name: string, { asIs, maxMinutes }: Options) => {
    const session = openSession({ maxMinutes });
    const comparison = readComparison(session.workspace, name);
    if (!asIs) await runComparison(session, comparison);
    const file = await writeComparison(session, comparison);
    console.log(`\nReport: ${relative(process.cwd(), file)}`);
  });
