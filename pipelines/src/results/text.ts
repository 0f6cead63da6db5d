import { metricName, type Metric } from '@selfsup/kit/metric';
import { duration } from '@selfsup/kit/units';
import { formatDeviation, formatValue, inPercent } from '@selfsup/report/format';
import { leadingMetrics, matchesName, type Ranking } from '@selfsup/report/ranking';
import type { Result } from './collect.ts';
import type { MetricDifference, StageDifference } from './diff.ts';

/** Numbers that a line of the list holds; `--metric` takes others, `--csv` and `--json` have all. */
const mostNumbers = 3;
/** Lines on code that a comparison shows; `--json` has all. */
const mostCode = 12;

/** A line for each result: name, date, time, machine, numbers; those of `metric` where one is asked for. */
export function listText(results: readonly Result[], metric?: string): string {
  return columns(
    ['result', 'ended (UTC)', 'took', 'computed on', 'numbers'],
    results.map((result) => [
      result.name,
      result.finished?.slice(0, 16).replace('T', ' ') ?? '–',
      result.seconds === undefined ? '–' : duration(result.seconds),
      result.hosts.join(', ') || '–',
      numbers(result, metric),
    ]),
  );
}

function numbers({ metrics }: Result, asked: string | undefined): string {
  if (asked !== undefined) {
    return (
      metrics
        .filter((one) => matchesName(asked, metricName(one)))
        .map(metricText)
        .join('  ') || '–'
    );
  }
  const leading = leadingMetrics(metrics);
  const more = leading.length - mostNumbers;
  return (
    [...leading.slice(0, mostNumbers).map(metricText), ...(more > 0 ? [`and ${more} more`] : [])].join('  ') || '–'
  );
}

function metricText(metric: Metric): string {
  return `${metricName(metric)} ${valueText(metric.unit, metric.value)}`;
}

function valueText(unit: Metric['unit'], value: number): string {
  return `${shown(unit, value)}${unit === '%' || unit === 'share' ? ' %' : ''}`;
}

/** Shares in percent, as on all pages; `--csv` and `--json` have them as published. */
function shown(published: Metric['unit'], raw: number, format = formatValue): string {
  const { unit, value } = inPercent({ unit: published, value: raw });
  return format(unit, value);
}

/** Rankings as tables, each under the data that was measured on. */
export function rankingText(rankings: readonly Ranking[], most: number): string {
  return rankings
    .map(({ name, data, ranked }) => {
      const rows = ranked
        .slice(0, most)
        .map(({ experiment, variant, metric, about, seeds, mean, deviation }, i) => [
          String(i + 1),
          `${experiment}/${variant}`,
          `${valueText(about.unit, mean)}${deviation === undefined ? '' : ` ± ${shown(about.unit, deviation, formatDeviation)}`}`,
          metric,
          `seed${seeds.length === 1 ? '' : 's'} ${seeds.join(', ')}`,
        ]);
      const rest = ranked.length > most ? `\n${ranked.length - most} more` : '';
      return `${name} on ${data.join(', ') || 'data that is no longer here'}\n${columns(undefined, rows)}${rest}`;
    })
    .join('\n\n');
}

/** What differs, stage by stage, and all metrics side by side. */
export function diffText(a: string, b: string, differences: readonly StageDifference[]): string {
  const blocks = differences.map((one) => {
    const { stage, only, sameOutput, config, code, data, place } = one;
    if (only !== undefined) return `${stage}: only ${only} has it\n${metricLines(one.metrics)}`;
    const lines = [
      ...lineGroup('config', config),
      ...lineGroup('code', code.slice(0, mostCode)),
      ...(code.length > mostCode ? [`  code    and ${code.length - mostCode} more (--json has all)`] : []),
      ...lineGroup('data', data),
      ...lineGroup('place', place),
    ];
    const head = `${stage}: ${sameOutput ? 'the same bits' : lines.length === 0 ? 'other bits of the same inputs' : 'differs'}`;
    return [head, ...lines, metricLines(one.metrics)].filter((line) => line !== '').join('\n');
  });
  return [`a  ${a}\nb  ${b}`, ...blocks].join('\n\n');
}

function lineGroup(title: string, lines: readonly string[]): string[] {
  return lines.map((line) => `  ${title.padEnd(7)} ${line}`);
}

function metricLines(metrics: readonly MetricDifference[]): string {
  const show = (unit: Metric['unit'], value: number | undefined): string =>
    value === undefined ? '–' : valueText(unit, value);
  const rows = metrics.map(({ metric, unit, a, b }) => [
    `  ${metric}`,
    show(unit, a),
    '->',
    show(unit, b),
    a === undefined || b === undefined ? '' : difference(unit, b - a),
  ]);
  return columns(undefined, rows);
}

function difference(unit: Metric['unit'], by: number): string {
  return by === 0 ? '=' : `${by > 0 ? '+' : '-'}${shown(unit, Math.abs(by))}`;
}

/** Rows in columns as wide as their widest cell; the last is left as it is. */
function columns(head: readonly string[] | undefined, rows: readonly (readonly string[])[]): string {
  const all = head === undefined ? rows : [head, ...rows];
  const widths = (all[0] ?? []).map((_, i) => all.reduce((most, row) => Math.max(most, row[i]!.length), 0));
  return all
    .map((row) =>
      row
        .map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i]!)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
