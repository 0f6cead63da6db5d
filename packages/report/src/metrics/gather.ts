import { metricName, type Metric } from '@selfsup/kit/metric';
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
  /** What must be known beside it, of any of its seeds. */
  readonly remarks: readonly string[];
}

interface Gathered {
  readonly bySeed: Map<number, number>;
  readonly remarks: Set<string>;
}

/** Values by the name of their metric, in order of appearance. */
export type Metrics = ReadonlyMap<string, readonly MetricValues[]>;

/** Gathers the metrics of all rows: by metric in order of appearance, then by variant in the page's order. */
export function gatherMetrics(input: Results): Metrics {
  const found = new Map<string, { about: Metric; variants: Map<string, Gathered> }>();
  for (const row of input.rows)
    for (const about of row.metrics) {
      const metric = metricName(about);
      const one = found.get(metric) ?? { about, variants: new Map<string, Gathered>() };
      found.set(metric, one);
      const { bySeed, remarks } = one.variants.get(row.variant) ?? { bySeed: new Map(), remarks: new Set() };
      bySeed.set(row.seed, about.value);
      for (const { message } of row.remarks ?? []) remarks.add(message);
      one.variants.set(row.variant, { bySeed, remarks });
    }
  return new Map(
    [...found].map(([metric, { about, variants }]) => [
      metric,
      input.variants.flatMap((variant) => {
        const one = variants.get(variant);
        if (one === undefined) return [];
        const { bySeed, remarks } = one;
        return [{ metric, about, variant, bySeed, ...meanAndDeviation([...bySeed.values()]), remarks: [...remarks] }];
      }),
    ]),
  );
}

/** The metrics that the page leads with: accuracies and other shares of which more is better, after the last epoch. */
export function isHeadline({ unit, better, epoch, aside }: Metric): boolean {
  const isShare = unit === '%' || unit === 'share';
  return isShare && better === 'more' && epoch === undefined && aside === undefined;
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
