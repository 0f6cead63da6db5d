import { Command } from 'commander';
import { minutesOption } from '../options.ts';
import { compareExperiments } from '../report/compare-experiments.ts';

interface Options {
  asIs: boolean;
  exact?: boolean;
  maxMinutes?: number;
  to?: string;
}

export default new Command('compare')
  .description('Bring the experiments of a comparison up to date, and write its report')
  .argument('<comparison>')
  .option('--as-is', 'run nothing; write the report from what is published', false)
  .option('--exact', 'compute anew what was computed on another processor or with other threads')
  .option('--max-minutes <n>', 'stop after this time; the same command goes on later', minutesOption)
  .option('--to <file.html>', 'where to write the report; artifacts/compare/<comparison>/index.html by default')
  .addHelpText('after', '\nExamples:\n  selfsup compare cifar10-small\n  selfsup compare cifar10-small --as-is')
  .action((name: string, options: Options) => compareExperiments(name, options));
