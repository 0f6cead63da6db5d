/**
 * A table in Markdown of what `selfsup results --json` prints: a row for each variant, its mean ± sample deviation over the
 * seeds, and the difference to another variant's mean. From the root of the workspace:
 *
 *   npx selfsup results --experiment '*-hour' --json | node --import tsx bench/results/table.ts --against systems-hour/random
 *
 * `--metrics linear,conv` takes those whose name begins so (top-1 alone), `--data cifar10` those measured on that dataset.
 * Minutes, key and digest are of the stage `pretrain`: mean wall time, and the beginnings of the first seed's key and of the digest
 * of its output, which comes out again on the same type of processor with as many threads.
 */
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';

interface Stage {
  readonly stage: string;
  readonly key: string;
  readonly outputDigest: string;
  readonly data: readonly string[];
  readonly run?: { readonly wallSeconds: number };
  readonly metrics: readonly { readonly name: string; readonly value: number }[];
}
interface Result {
  readonly experiment: string;
  readonly variant: string;
  readonly seed: number;
  readonly stages: readonly Stage[];
}

const { values: options } = parseArgs({
  options: {
    against: { type: 'string' },
    metrics: { type: 'string', default: 'linear/,conv/' },
    data: { type: 'string', default: 'cifar10' },
  },
});
const wanted = options.metrics.split(',');
const { results } = JSON.parse(await text(process.stdin)) as { results: readonly Result[] };

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const deviation = (values: readonly number[]): number =>
  Math.sqrt(values.reduce((sum, value) => sum + (value - mean(values)) ** 2, 0) / (values.length - 1));

/** Top-1 of each seed by metric, of the stages that measured on the dataset. */
function measured(seeds: readonly Result[]): Map<string, number[]> {
  const found = new Map<string, number[]>();
  const stages = seeds.flatMap((one) => one.stages).filter(({ data }) => data.includes(options.data));
  for (const { name, value } of stages.flatMap(({ metrics }) => metrics)) {
    if (!name.endsWith('/top1') || !wanted.some((beginning) => name.startsWith(beginning))) continue;
    found.set(name, [...(found.get(name) ?? []), value]);
  }
  return found;
}

const variants = new Map<string, Result[]>();
for (const one of results) {
  const name = `${one.experiment}/${one.variant}`;
  variants.set(name, [...(variants.get(name) ?? []), one]);
}
const rows = [...variants]
  .map(([name, seeds]) => ({ name, seeds, numbers: measured(seeds) }))
  .filter(({ numbers }) => numbers.size > 0);
const columns = [...new Set(rows.flatMap(({ numbers }) => [...numbers.keys()]))];
const floor = rows.find(({ name }) => name === options.against)?.numbers;

function cell(values: readonly number[] | undefined, below: readonly number[] | undefined): string {
  if (values === undefined) return '';
  const spread = values.length > 1 ? ` ± ${deviation(values).toFixed(1)}` : '';
  const ahead = below === undefined || below === values ? NaN : mean(values) - mean(below);
  // Rounded first: what is shown as 0.0 has no minus.
  const points = Number(ahead.toFixed(1));
  const difference = Number.isNaN(ahead) ? '' : ` (${points < 0 ? '−' : '+'}${Math.abs(points).toFixed(1)})`;
  return `${mean(values).toFixed(1)}${spread}${difference}`;
}

const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
const heads = columns.map((name) => name.replace(/\/[^/]*\/([^/]*)\/top1$/, ' $1'));
console.log(line(['variant', 'seeds', ...heads, 'minutes', 'key', 'digest']));
console.log(line(Array.from({ length: columns.length + 5 }, () => '---')));
for (const { name, seeds, numbers } of rows) {
  const inOrder = [...seeds].sort((a, b) => a.seed - b.seed);
  const pretrained = inOrder.flatMap(({ stages }) => stages.filter(({ stage }) => stage === 'pretrain'));
  const minutes = mean(pretrained.map(({ run }) => (run?.wallSeconds ?? NaN) / 60)).toFixed(1);
  const [first] = pretrained;
  const hashes = [first?.key, first?.outputDigest].map((hash) => hash?.slice(0, 8) ?? '');
  const cells = columns.map((column) => cell(numbers.get(column), floor?.get(column)));
  console.log(line([name, inOrder.map(({ seed }) => seed).join(', '), ...cells, minutes, ...hashes]));
}
