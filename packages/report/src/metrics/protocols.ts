import { metricName, type Metric } from '@selfsup/kit/metric';
import type { ComparedRow, ComparisonInput } from '../comparison-input.ts';
import type { Results } from '../input.ts';

/** What is measured at each layer of a protocol. */
export type Measure = Pick<Metric, 'measure' | 'epoch' | 'unit'>;

/** All metrics of the same head and protocol: `linear/zhang` at each of its layers. */
export interface Protocol extends Pick<Metric, 'head' | 'family' | 'aside'> {
  readonly protocol: string;
  /** conv1 before conv2 before conv10; `''` alone where the whole network is measured. */
  readonly layers: readonly string[];
  /** What was measured after the last epoch stands before what was best. */
  readonly measures: readonly Measure[];
}

/** Whether a metric belongs to a protocol: those of pretext tasks do not. */
export function hasProtocol(metric: Metric): metric is Metric & { protocol: string } {
  return metric.protocol !== undefined;
}

/** Name of a metric of a protocol. */
export function nameIn({ head, protocol }: Protocol, layer: string, { measure, epoch }: Measure): string {
  return metricName({ head, protocol, layer: layer === '' ? undefined : layer, measure, epoch });
}

/** A measure in words: `top1`, best of any epoch, is "top-1, best epoch", `precision-at-5` "precision at 5". */
export function measureTitle({ measure, epoch }: Pick<Metric, 'measure' | 'epoch'>): string {
  const words = measure.replace(/^top(\d)/, 'top-$1').replaceAll('-at-', ' at ');
  return epoch === 'best' ? `${words}, best epoch` : words;
}

/** A layer in words, as `layers` of a protocol has it. */
export function layerTitle(layer: string): string {
  return layer === '' ? 'whole network' : layer;
}

/** Measures in the order of their first appearance, those after the last epoch before those that were best. */
export function distinctMeasures(all: readonly Measure[]): Measure[] {
  const found = new Map(all.map((one) => [`${one.measure} ${one.epoch ?? ''}`, one]));
  const isBest = ({ epoch }: Measure): number => Number(epoch === 'best');
  return [...found.values()].sort((a, b) => isBest(a) - isBest(b));
}

/** Layers in the order of their numbers. */
export function distinctLayers(all: readonly string[]): string[] {
  return [...new Set(all)].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
}

/** The protocols of all rows, in order of their first appearance. */
export function protocolsOf({ rows }: Results): Protocol[] {
  const found = new Map<string, (Metric & { protocol: string })[]>();
  for (const metric of rows.flatMap((row) => row.metrics)) {
    if (!hasProtocol(metric)) continue;
    const id = `${metric.head}/${metric.protocol}`;
    found.set(id, [...(found.get(id) ?? []), metric]);
  }
  return [...found.values()].map((all) => {
    const { head, protocol, family, aside } = all[0]!;
    return {
      ...{ head, protocol, family, aside },
      layers: distinctLayers(all.map(({ layer = '' }) => layer)),
      measures: distinctMeasures(all.map(({ measure, epoch, unit }) => ({ measure, epoch, unit }))),
    };
  });
}

/** The stages of one entry that gave any of `metrics`. */
export function rowsBehind(input: ComparisonInput, label: string, metrics: readonly string[]): ComparedRow[] {
  return input.rows.filter(
    (row) => row.variant === label && row.metrics.some((metric) => metrics.includes(metricName(metric))),
  );
}

/** Where an entry was measured in another way than the first one that has the metric. */
export interface SettingsDifference {
  readonly label: string;
  readonly name: string;
  /** Undefined where the entry has no such setting. */
  readonly value: string | undefined;
  readonly reference: string;
  readonly referenceValue: string | undefined;
}

/** What differs between the settings by which the entries got `metrics`, each metric compared with itself. */
export function settingsDifferences(input: ComparisonInput, metrics: readonly string[]): SettingsDifference[] {
  const found = new Map<string, SettingsDifference>();
  for (const metric of metrics) {
    const [first, ...others] = input.variants.flatMap((label) => rowsBehind(input, label, [metric]).slice(0, 1));
    if (first === undefined) continue;
    for (const row of others)
      for (const name of new Set([...Object.keys(first.settings), ...Object.keys(row.settings)])) {
        const [value, referenceValue] = [row.settings[name], first.settings[name]];
        if (value === referenceValue) continue;
        const difference = { label: row.variant, name, value, reference: first.variant, referenceValue };
        found.set(JSON.stringify([difference.label, name, value, referenceValue]), difference);
      }
  }
  return [...found.values()];
}
