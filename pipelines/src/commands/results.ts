import { Command, Option } from 'commander';
import { metricName } from '@selfsup/kit/metric';
import { matchesName, rankings } from '@selfsup/report/ranking';
import { dayOption, numberOption, seedOption } from '../options.ts';
import { collectResults, type Results } from '../results/collect.ts';
import { diffResults } from '../results/diff.ts';
import { csv, record } from '../results/records.ts';
import {
  comparableMetric,
  findResult,
  orders,
  refuseUnknown,
  requireMetric,
  select,
  sortResults,
  type Selection,
} from '../results/select.ts';
import { diffText, listText, rankingText } from '../results/text.ts';
import { openSession } from '../run/session.ts';

interface ListOptions extends Selection {
  metric?: string;
  sort: string;
  reverse: boolean;
  json: boolean;
  csv: boolean;
}

const selecting = (command: Command): Command =>
  command
    .option('--experiment <name>', 'only this experiment; * stands for anything, here and below')
    .option('--variant <name>', 'only this variant')
    .option('--seed <n>', 'only this seed', seedOption)
    .option('--data <dataset>', 'only what read this dataset')
    .option('--on <machine>', 'only what was computed on this machine, processor or GPU; a part of its name will do')
    .option('--since <date>', 'only what ended on this day (UTC) or later', dayOption);

const best = selecting(new Command('best'))
  .description('Rank variants by the mean of a metric over their seeds, for each dataset apart')
  .argument('<metric>', 'its name; with * in the place of the layer each variant stands at its best one')
  .option('--limit <n>', 'how many of each', numberOption({ whole: true, atLeast: 1, atMost: 1e6 }), 10)
  .option('--json', 'print all of them as JSON', false)
  .addHelpText(
    'after',
    "\nExamples:\n  selfsup results best linear/yardstick/conv2/top1\n  selfsup results best 'linear/yardstick/*/top1' --data cifar10",
  )
  .action((metric: string, options: Selection & { limit: number; json: boolean }) => {
    const all = published().results;
    refuseUnknown(all, options);
    const results = select(all, options);
    comparableMetric(results, metric, 'metric');
    const found = rankings(
      results,
      (one) =>
        matchesName(metric, metricName(one)) &&
        (options.data === undefined || one.data.some((name) => matchesName(options.data!, name))),
    );
    console.log(options.json ? JSON.stringify(found, null, 2) : rankingText(found, options.limit));
  });

const diff = new Command('diff')
  .description('Say in what two results differ, stage by stage: config, code, data, place and metrics')
  .argument('<a>', 'as selfsup results names it; what is left out has to be the only one')
  .argument('<b>')
  .option('--json', 'print it as JSON', false)
  .addHelpText(
    'after',
    '\nExamples:\n  selfsup results diff quickstart/rotnet quickstart/random\n  selfsup results diff rotnet-small/base/seed-1/linear rotnet-small/base/seed-2/linear',
  )
  .action((a: string, b: string, { json }: { json: boolean }) => {
    const { results } = published();
    const sides = [findResult(results, a, 'a'), findResult(results, b, 'b')] as const;
    const differences = diffResults(...sides);
    const [first, second] = sides.map(({ result, stage }) => [result.name, stage].filter(Boolean).join('/'));
    if (json) console.log(JSON.stringify({ a: first, b: second, stages: differences }, null, 2));
    else console.log(diffText(first!, second!, differences));
  });

export default selecting(new Command('results'))
  .description('List every published result: its numbers, when it ended, and where it was computed')
  .option('--metric <name>', 'show this metric in the place of the leading ones, and only results that have it')
  .option('--sort <order>', `${orders.join(', ')}, or the name of a metric, the best first`, 'name')
  .option('--reverse', 'the other way round', false)
  .option('--json', 'print all that is known of them as JSON', false)
  .addOption(
    new Option('--csv', 'print a line for each metric, for spreadsheets and data frames')
      .default(false)
      .conflicts('json'),
  )
  .addHelpText(
    'after',
    `
Examples:
  selfsup results
  selfsup results --sort date --since 2026-11-01
  selfsup results --experiment 'rotnet*' --metric 'linear/*/top1' --csv > results.csv
  selfsup results best 'linear/yardstick/*/top1'
  selfsup results diff quickstart/rotnet quickstart/random
  selfsup report --all                            # the same as a page`,
  )
  .action((options: ListOptions) => {
    const { results, damaged } = published();
    refuseUnknown(results, options);
    const { metric } = options;
    if (metric !== undefined && results.length > 0) requireMetric(results, metric, '--metric');
    const takes = (name: string): boolean => metric === undefined || matchesName(metric, name);
    const chosen = select(results, options).filter(
      ({ metrics }) => metric === undefined || metrics.some((one) => takes(metricName(one))),
    );
    const sorted = sortResults(chosen, options.sort);
    if (options.reverse) sorted.reverse();
    if (options.json) console.log(JSON.stringify({ results: sorted.map(record), damaged }, null, 2));
    else if (options.csv) console.log(csv(sorted, takes));
    else if (sorted.length > 0) console.log(listText(sorted, metric));
    else if (results.length > 0) console.log(`None of the ${results.length} published results is like this.`);
    else console.log('Nothing is published yet. Try selfsup run quickstart.');
  })
  .addCommand(best)
  .addCommand(diff);

/** Every published result; what cannot be read is named where it disturbs no output. */
function published(): Results {
  const { artifacts } = openSession();
  const found = collectResults(artifacts.root);
  for (const line of found.damaged) console.error(`not read: ${line}`);
  return found;
}
