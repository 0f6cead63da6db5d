import type { Metric } from './metric.ts';

/**
 * Metrics as earlier versions published them: names such as `linear/zhang/conv3/top1` to numbers. What such a name says is
 * taken apart here and nowhere else: head, protocol, layer and measure, `-best`, the number in which protocols differ, and
 * percent for accuracies.
 */
export function formerMetrics(values: Readonly<Record<string, number>>): Metric[] {
  return Object.entries(values).map(([name, value]): Metric => {
    const [head = '', ...middle] = name.split('/');
    const last = middle.pop() ?? head;
    const [protocol, layer] = middle;
    const best = last.endsWith('-best');
    const measure = best ? last.slice(0, -'-best'.length) : last;
    const family = layer === undefined ? undefined : familyOf(protocol!);
    return {
      head,
      ...(protocol !== undefined && { protocol }),
      ...(family !== undefined && { family }),
      ...(layer !== undefined && { layer }),
      measure,
      ...(best && { epoch: 'best' as const }),
      unit: /(top-?\d+|accuracy)$/.test(measure) ? '%' : 'none',
      better: measure === 'loss' ? 'less' : 'more',
      value,
    };
  });
}

function familyOf(protocol: string): Metric['family'] {
  const [, name, k, number] = /^(.+)-(k?)(\d+)$/.exec(protocol) ?? [];
  if (name === undefined) return undefined;
  return { name, parameter: `${k === 'k' ? 'k =' : name.split('-').at(-1)} ${number}` };
}
