import type { Metric } from '@selfsup/kit/metric';
import type { Run } from '../overview-input.ts';

/** A top-1 accuracy of the protocol `linear/zhang`, or another metric. */
export function sampleMetric(value: number, layer: string, other: Partial<Metric> = {}): Metric {
  return {
    ...{ head: 'linear', protocol: 'zhang', layer, measure: 'top1', unit: '%', better: 'more', value },
    ...other,
  };
}

/** A run of seed 1 on the dataset `few`. */
export function sampleRun(experiment: string, metrics: readonly Metric[], other: Partial<Run> = {}): Run {
  return {
    ...{ experiment, variant: 'base', seed: 1 },
    metrics: metrics.map((metric) => ({ ...metric, stage: 'linear', data: ['few'] })),
    ...{ finished: '2026-11-27T10:00:00.000Z', seconds: 90, hosts: ['vm'], processors: ['EPYC'] },
    ...other,
  };
}
