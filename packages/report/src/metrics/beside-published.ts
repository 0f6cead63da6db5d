import { metricName } from '@selfsup/kit/metric';
import type { ExpectedNumber, PublishedNumber, Results } from '../input.ts';
import { formatValue, hundredfold, inPercent } from './format.ts';
import type { MetricValues } from './gather.ts';

/**
 * Results with all shares in percent, as the literature has them, and what is published or expected beside them likewise: such a
 * number counts as a share where its metric is one here, unless it says percent.
 */
export function allInPercent<Shown extends Results>(
  input: Shown,
  published: readonly PublishedNumber[],
  expected: readonly ExpectedNumber[] = [],
): { shown: Shown; published: PublishedNumber[]; expected: ExpectedNumber[] } {
  const all = input.rows.flatMap(({ metrics }) => metrics);
  const shares = new Set(all.filter(({ unit }) => unit === 'share').map(metricName));
  return {
    shown: { ...input, rows: input.rows.map((row) => ({ ...row, metrics: row.metrics.map(inPercent) })) },
    published: published.map((number) =>
      number.unit === 'share' || (number.unit !== '%' && shares.has(number.metric))
        ? { ...number, unit: '%', value: hundredfold(number.value) }
        : number,
    ),
    expected: expected.map((number) =>
      shares.has(number.metric)
        ? { ...number, value: hundredfold(number.value), tolerance: hundredfold(number.tolerance) }
        : number,
    ),
  };
}

/** A published number as it stands beside ours. */
export function publishedText({ value, unit }: PublishedNumber, ours: MetricValues | undefined): string {
  return formatValue(unit === '%' ? '%' : (ours?.about.unit ?? 'none'), value);
}
