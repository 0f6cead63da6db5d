import { metricName } from '@selfsup/kit/metric';
import type { Result } from './collect.ts';

/**
 * A comma-separated table (RFC 4180) with a line for each metric of each result, so that spreadsheets and data frames can
 * filter and pivot it.
 */
export function csv(results: readonly Result[], takes: (metric: string) => boolean = () => true): string {
  const head = 'experiment,variant,seed,stage,metric,value,unit,better,data,finished,host,key'.split(',');
  const rows = results.flatMap(({ experiment, variant, seed, stages }) =>
    stages.flatMap(({ stage, metrics, data, run, key }) =>
      metrics
        .filter((one) => takes(metricName(one)))
        .map((one) => [
          ...[experiment, variant, seed, stage, metricName(one), one.value, one.unit, one.better],
          ...[data.join(' '), run?.finished ?? '', run?.host ?? '', key],
        ]),
    ),
  );
  return [head, ...rows].map((row) => row.map(cell).join(',')).join('\n');
}

function cell(value: string | number): string {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A result as `--json` prints it: all that is known of it, its metrics under the stages that measured them. */
export function record(result: Result): object {
  const { name, experiment, variant, seed, finished, seconds, hosts, processors, stages } = result;
  return {
    ...{ name, experiment, variant, seed, finished, seconds, hosts, processors },
    stages: stages.map(({ folder: _, metrics, ...stage }) => ({
      ...stage,
      metrics: metrics.map((one) => ({ name: metricName(one), ...one })),
    })),
  };
}
