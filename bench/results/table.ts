/**
 * A table in Markdown of what `selfsup results --json` prints: a row for each variant, its mean ± sample deviation over the
 * seeds, and the difference to another variant's mean. From the root of the workspace:
 *
 *   npx selfsup results --experiment '*-hour' --json | node --import tsx bench/results/table.ts --against systems-hour/random
 *
 * `--metrics linear,conv` takes those whose name begins so (top-1 alone), `--data cifar10` those measured on that dataset.
 * Minutes, key and digest are of the stage `pretrain`: mean wall time, and the beginnings of the first seed's key and of the digest
 * of its output, which comes out again on the same type of processor with as many threads.
 *
 * Ends with 1 and says why where there is nothing to read or nothing to hold against. Seeds whose stages had other settings or
 * other code are told: a mean over them is of no one recipe.
 */
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';

interface Stage {
  readonly stage: string;
  readonly key: string;
  readonly codeKey: string;
  /** With its defaults filled in. */
  readonly config: unknown;
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
const { results } = given(await text(process.stdin));

/** What was printed. Ends the process where it is nothing that `selfsup results --json` prints. */
function given(printed: string): { readonly results: readonly Result[] } {
  if (printed.trim() === '') refuse('There is nothing to read: selfsup results --json printed no results.');
  try {
    const found = JSON.parse(printed) as { readonly results?: readonly Result[] } | null;
    if (Array.isArray(found?.results)) return { results: found.results };
  } catch {
    // Said below.
  }
  return refuse('This is not what selfsup results --json prints.');
}

function refuse(why: string): never {
  console.error(`error: ${why}`);
  process.exit(1);
}

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
if (rows.length === 0) {
  refuse(`None of ${results.length} results has top-1 of ${options.metrics} on ${options.data} (--metrics, --data).`);
}
const floor = rows.find(({ name }) => name === options.against)?.numbers;
if (options.against !== undefined && floor === undefined) {
  refuse(`--against ${options.against} is none of ${rows.map(({ name }) => name).join(', ')}.`);
}
for (const { name, seeds } of rows) {
  const apart = stagesApart(seeds);
  if (apart.length > 0)
    console.error(`warning: ${name} is a mean over seeds that differ in more than the seed: ${apart.join('; ')}`);
}

/** Stages whose settings or code are not those of the first seed that has them, with the seeds that differ. */
function stagesApart(seeds: readonly Result[]): string[] {
  const names = new Set(seeds.flatMap(({ stages }) => stages.map(({ stage }) => stage)));
  return [...names].flatMap((name) => {
    const found = seeds.flatMap(({ seed, stages }) =>
      stages.filter(({ stage }) => stage === name).map((stage) => ({ seed, stage })),
    );
    return (['config', 'codeKey'] as const).flatMap((part) => {
      const text = ({ stage }: { readonly stage: Stage }): string => JSON.stringify(stage[part]);
      const others = found.filter((one) => text(one) !== text(found[0]!)).map(({ seed }) => seed);
      return others.length === 0
        ? []
        : [`${name} has ${part === 'config' ? 'other settings' : 'other code'} in seed ${others.join(', ')}`];
    });
  });
}

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
