import { UserError } from '@selfsup/kit/errors';
import { metricName, type Metric } from '@selfsup/kit/metric';
import { didYouMean } from '@selfsup/kit/parse';
import { matchesName } from '@selfsup/report/ranking';
import type { Result } from './collect.ts';

/** Which results are asked for; all that is said has to hold. In texts `*` stands for anything. */
export interface Selection {
  readonly experiment?: string | undefined;
  readonly variant?: string | undefined;
  readonly seed?: number | undefined;
  /** A dataset that was measured on. */
  readonly data?: string | undefined;
  /** A machine, a processor or a GPU, or a part of its name. */
  readonly on?: string | undefined;
  /** An ISO date, or the beginning of one: results that ended then or later. */
  readonly since?: string | undefined;
}

/** The results that a selection takes. */
export function select<Found extends Result>(results: readonly Found[], wanted: Selection): Found[] {
  const fits = (pattern: string | undefined, name: string): boolean =>
    pattern === undefined || matchesName(pattern, name);
  return results.filter(
    ({ experiment, variant, seed, stages, hosts, processors, finished }) =>
      fits(wanted.experiment, experiment) &&
      fits(wanted.variant, variant) &&
      (wanted.seed === undefined || wanted.seed === seed) &&
      (wanted.data === undefined || stages.some(({ data }) => data.some((one) => fits(wanted.data, one)))) &&
      (wanted.on === undefined || [...hosts, ...processors].some((one) => fits(`*${wanted.on}*`, one))) &&
      (wanted.since === undefined || (finished !== undefined && finished >= wanted.since)),
  );
}

/** What each option of a selection is held against. */
const named: readonly { option: keyof Selection; kind: string; of: (result: Result) => readonly string[] }[] = [
  { option: 'experiment', kind: 'experiment', of: ({ experiment }) => [experiment] },
  { option: 'variant', kind: 'variant', of: ({ variant }) => [variant] },
  { option: 'seed', kind: 'seed', of: ({ seed }) => [String(seed)] },
  { option: 'data', kind: 'dataset', of: ({ stages }) => stages.flatMap(({ data }) => data) },
  { option: 'on', kind: 'machine', of: ({ hosts, processors }) => [...hosts, ...processors] },
];

/** Throws `UserError` naming the first option of a selection that takes none of the results by itself, and what there is. */
export function refuseUnknown(results: readonly Result[], wanted: Selection): void {
  if (results.length === 0) return;
  for (const { option, kind, of } of named) {
    const asked = wanted[option];
    if (asked === undefined || select(results, { [option]: asked }).length > 0) continue;
    const known = [...new Set(results.flatMap(of))];
    const near = didYouMean(String(asked), known);
    throw new UserError(
      `No result is of a ${kind} '${asked}'${near === undefined ? '' : `; did you mean '${near}'?`}`,
      {
        field: `--${option}`,
        remedy: there(known),
      },
    );
  }
}

/** By what results are sorted, beside metrics. */
export const orders = ['name', 'date', 'time'] as const;

/**
 * Results in another order: by `name`, by `date` (newest first), by `time` (what it took, longest first), or by a metric (the
 * best first; its name may hold `*`). Those without it come last. Throws `UserError` for a metric that no result has.
 */
export function sortResults(results: readonly Result[], by: string): Result[] {
  if (results.length === 0) return [];
  const order = orders.find((one) => one === by);
  if (order === 'name') return [...results];
  if (order === 'date') return [...results].sort((a, b) => (b.finished ?? '').localeCompare(a.finished ?? ''));
  if (order === 'time') return [...results].sort((a, b) => (b.seconds ?? -1) - (a.seconds ?? -1));
  const { better } = comparableMetric(results, by, '--sort');
  const sign = better === 'less' ? 1 : -1;
  // All that compare are taken, so that a pattern over layers takes the best.
  const valueOf = ({ metrics }: Result): number =>
    Math.min(...metrics.filter((one) => matchesName(by, metricName(one))).map(({ value }) => sign * value));
  return [...results].sort((a, b) => compareNumbers(valueOf(a), valueOf(b)));
}

function compareNumbers(a: number, b: number): number {
  return a === b ? 0 : a - b;
}

/**
 * What is said of the metrics that a name, or a pattern with `*`, takes. Throws `UserError` where there is none, and where
 * those taken do not compare: of several heads, protocols or measures.
 */
export function comparableMetric(results: readonly Result[], pattern: string, field: string): Metric {
  const taken = requireMetric(results, pattern, field);
  const first = taken[0]!;
  const kinds = taken.filter(([, { head, protocol, measure, epoch }]) =>
    [head, protocol, measure, epoch].some(
      (part, i) => part !== [first[1].head, first[1].protocol, first[1].measure, first[1].epoch][i],
    ),
  );
  if (kinds.length > 0) {
    throw new UserError(`'${pattern}' takes metrics that do not compare: ${first[0]} and ${kinds[0]![0]}`, {
      field,
      remedy: 'Let * stand for the layer only, as in linear/yardstick/*/top1.',
    });
  }
  return first[1];
}

/** The metrics that a name, or a pattern with `*`, takes, by their names. Throws `UserError` where there is none. */
export function requireMetric(
  results: readonly Result[],
  pattern: string,
  field: string,
): (readonly [string, Metric])[] {
  const all = new Map(results.flatMap(({ metrics }) => metrics.map((one) => [metricName(one), one] as const)));
  const taken = [...all].filter(([name]) => matchesName(pattern, name));
  if (taken.length > 0) return taken;
  const near = didYouMean(pattern, [...all.keys()]);
  const hint = near === undefined ? '' : `; did you mean '${near}'?`;
  throw new UserError(`No result has a metric '${pattern}'${hint}`, { field, remedy: there([...all.keys()]) });
}

function there(names: readonly string[]): string {
  const shown = [...names].sort().slice(0, 12);
  const more = names.length - shown.length;
  if (names.length === 0) return 'Run an experiment first, such as selfsup run quickstart.';
  return `There are: ${shown.join(', ')}${more > 0 ? ` and ${more} more (selfsup results --csv has all)` : ''}.`;
}

/**
 * The result, and the stage of it where one is named, that a user means by `<experiment>[/<variant>[/seed-<n>[/<stage>]]]`;
 * what is left out has to be the only one. Throws `UserError` with the names that fit.
 */
export function findResult(
  results: readonly Result[],
  asked: string,
  field: string,
): { result: Result; stage: string | undefined } {
  const parts = asked.replace(/\/+$/, '').split('/');
  const [experiment = '', variant, seed, stage] = parts;
  const fitting = results.filter(
    (one) =>
      one.experiment === experiment &&
      (variant === undefined || one.variant === variant) &&
      (seed === undefined || `seed-${one.seed}` === seed || String(one.seed) === seed),
  );
  const names = results.map(({ name }) => name);
  if (fitting.length === 0 || parts.length > 4) {
    const near = didYouMean(asked, names) ?? didYouMean(experiment, [...new Set(results.map((one) => one.experiment))]);
    throw new UserError(`No result is called '${asked}'${near === undefined ? '' : `; did you mean '${near}'?`}`, {
      field,
      remedy: 'Name it as selfsup results does: <experiment>/<variant>/seed-<n>, and a stage behind it if you like.',
    });
  }
  if (fitting.length > 1) {
    throw new UserError(`'${asked}' may be one of ${fitting.length} results`, {
      field,
      remedy: `Say which: ${fitting.map(({ name }) => name).join(', ')}.`,
    });
  }
  const result = fitting[0]!;
  const stages = result.stages.map((one) => one.stage);
  if (stage !== undefined && !stages.includes(stage)) {
    throw new UserError(`${result.name} has no stage '${stage}'`, { field, remedy: `It has: ${stages.join(', ')}.` });
  }
  return { result, stage };
}
