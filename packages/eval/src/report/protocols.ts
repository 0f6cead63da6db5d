import type { ComparisonInput, ComparedRow } from './comparison-input.ts';
import type { Results } from './input.ts';

/** All metrics whose names begin with the same head and protocol: `linear/zhang` at each of its layers. */
export interface Protocol {
  /** What is trained or asked, such as `linear` or `knn`. */
  readonly head: string;
  readonly protocol: string;
  /** conv1 before conv2 before conv10. */
  readonly layers: readonly string[];
  /** Such as `top1`; what was measured after the last epoch stands before what was best. */
  readonly measures: readonly string[];
}

/** A metric's parts, or undefined where it is not of the form `<head>/<protocol>/<layer>/<measure>`. */
export function protocolParts(
  metric: string,
): [head: string, protocol: string, layer: string, measure: string] | undefined {
  const parts = metric.split('/');
  return parts.length === 4 ? (parts as [string, string, string, string]) : undefined;
}

/** Name of a metric of a protocol. */
export function metricOf({ head, protocol }: Protocol, layer: string, measure: string): string {
  return [head, protocol, layer, measure].join('/');
}

/** The protocols of all rows, in order of their first appearance. */
export function protocolsOf({ rows }: Results): Protocol[] {
  const found = new Map<string, { head: string; protocol: string; layers: Set<string>; measures: Set<string> }>();
  for (const metric of rows.flatMap((row) => Object.keys(row.metrics))) {
    const parts = protocolParts(metric);
    if (parts === undefined) continue;
    const [head, protocol, layer, measure] = parts;
    const id = `${head}/${protocol}`;
    const one = found.get(id) ?? { head, protocol, layers: new Set(), measures: new Set() };
    found.set(id, one);
    one.layers.add(layer);
    one.measures.add(measure);
  }
  const isBest = (measure: string): number => Number(measure.endsWith('-best'));
  return [...found.values()].map(({ head, protocol, layers, measures }) => ({
    head,
    protocol,
    layers: [...layers].sort((a, b) => a.localeCompare(b, 'en', { numeric: true })),
    measures: [...measures].sort((a, b) => isBest(a) - isBest(b)),
  }));
}

/** The stages of one entry that gave any of `metrics`. */
export function rowsBehind(input: ComparisonInput, label: string, metrics: readonly string[]): ComparedRow[] {
  return input.rows.filter(
    (row) => row.variant === label && metrics.some((metric) => Object.hasOwn(row.metrics, metric)),
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
