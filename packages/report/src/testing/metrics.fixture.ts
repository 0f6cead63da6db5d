import type { Metric } from '@selfsup/kit/metric';

/** Metrics from their names, which only fixtures may take apart: percent for accuracies, `k` and powers as families. */
export function metricsFrom(values: Readonly<Record<string, number>>): Metric[] {
  return Object.entries(values).map(([name, value]): Metric => {
    const parts = name.split('/');
    const [head = '', last = ''] = [parts[0], parts.at(-1)];
    const best = last.endsWith('-best');
    const measure = best ? last.slice(0, -'-best'.length) : last;
    const percent = /top-?\d|accuracy/.test(measure);
    const [, stem, word, number] = /^(?:(.+)-)?(k|power-)(\d+)$/.exec(parts.length === 4 ? parts[1]! : '') ?? [];
    return {
      head,
      ...(parts.length === 4 && { protocol: parts[1], layer: parts[2] }),
      ...(word !== undefined && {
        family: { name: stem ?? 'power', parameter: word === 'k' ? `k = ${number}` : `power ${number}` },
      }),
      measure,
      ...(best && { epoch: 'best' as const }),
      unit: percent ? '%' : 'none',
      better: measure === 'loss' ? 'less' : 'more',
      value,
    };
  });
}
