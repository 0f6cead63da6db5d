import { type Metric, metricName } from '@selfsup/kit/metric';
import type { Results } from '../input.ts';
import { formatDeviation, formatValue, meanAndDeviation } from './format.ts';

/** The values of one metric for one variant, by seed. */
export interface MetricValues {
  /** Its name. */
  readonly metric: string;
  /** What is said of it; the value is that of the first seed. */
  readonly about: Metric;
  readonly variant: string;
  readonly bySeed: ReadonlyMap<number, number>;
  readonly mean: number;
  readonly deviation: number | undefined;
}

/** Values by the name of their metric, in order of appearance. */
export type Metrics = ReadonlyMap<string, readonly MetricValues[]>;

/** Gathers the metrics of all rows: by metric in order of appearance, then by variant in the page's order. */
export function gatherMetrics(input: Results): Metrics {
  const found = new Map<string, { about: Metric; variants: Map<string, Map<number, number>> }>();
  for (const row of input.rows)
    for (const about of row.metrics) {
      const metric = metricName(about);
      const one = found.get(metric) ?? { about, variants: new Map<string, Map<number, number>>() };
      found.set(metric, one);
      const seeds = one.variants.get(row.variant) ?? new Map<number, number>();
      one.variants.set(row.variant, seeds.set(row.seed, about.value));
    }
  return new Map(
    [...found].map(([metric, { about, variants }]) => [
      metric,
      input.variants.flatMap((variant) => {
        const bySeed = variants.get(variant);
        if (bySeed === undefined) return [];
        return [{ metric, about, variant, bySeed, ...meanAndDeviation([...bySeed.values()]) }];
      }),
    ]),
  );
}

/** The metrics that the page leads with: accuracies after the last epoch. */
export function isHeadline({ unit, better, epoch, aside }: Metric): boolean {
  return unit === '%' && better === 'more' && epoch === undefined && aside === undefined;
}

/** Mean, and the deviation where there are several seeds. */
export function meanText({ about, mean, deviation }: MetricValues): string {
  const text = formatValue(about.unit, mean);
  return deviation === undefined ? text : `${text} ± ${formatDeviation(about.unit, deviation)}`;
}

/** The values of one metric of one variant, or of one entry of a comparison; of the first one where none is named. */
export function valuesOf(metrics: Metrics, metric: string, variant: string | undefined): MetricValues | undefined {
  return metrics.get(metric)?.find((one) => one.variant === variant);
}

/** As `valuesOf`; of the first variant that has the metric where none is named. */
export function valuesOfOrFirst(metrics: Metrics, metric: string, variant?: string): MetricValues | undefined {
  return variant === undefined ? metrics.get(metric)?.[0] : valuesOf(metrics, metric, variant);
}
