import { z } from 'zod';

/**
 * Units that a number may have. `%` lies in [0, 100] and is an accuracy, an error or a share; `share` lies in [0, 1]
 * (or [-1, 1] for a correlation); `count` is a whole number; `none` is a loss, a ratio or anything else.
 */
const units = ['%', 'share', 'count', 'none'] as const;
export type Unit = (typeof units)[number];

/** What is said of a quantity wherever it is measured: its unit, and whether more of it is better. */
export interface Quantity {
  readonly unit: Unit;
  readonly better: 'more' | 'less' | 'neither';
}

/** A share of images in percent, such as top-1. */
export const accuracy: Quantity = { unit: '%', better: 'more' };
/** A mean of average precisions, or another share of which more is better. */
export const meanAveragePrecision: Quantity = { unit: 'share', better: 'more' };
/** A loss or an error of any scale. */
export const loss: Quantity = { unit: 'none', better: 'less' };

/** One number that a stage measured, and all that is needed to show it and to compare it. */
export interface Metric extends Quantity {
  /** What is trained or asked, such as `linear` or `knn`; of a training its group, such as `pretext`. */
  readonly head: string;
  /** The settings by which it was measured, such as `zhang` or `cosine-weighted0.1-k10`; numbers of one compare. */
  readonly protocol?: string | undefined;
  /** Of a protocol that is one of several which differ in a number: what they have in common, and that number. */
  readonly family?: { readonly name: string; readonly parameter: string } | undefined;
  /** The layer that the head stands on, such as `conv3`. */
  readonly layer?: string | undefined;
  /** What was measured, such as `top1`. */
  readonly measure: string;
  /** Whether it stands after the last epoch, which is where nothing is said, or is the best of any epoch. */
  readonly epoch?: 'best' | undefined;
  /** Says how a picture was made, not how good an encoder is: tables and charts lead with others. */
  readonly aside?: true | undefined;
  readonly value: number;
}

/** A metric's name: `linear/zhang/conv3/top1`, `pretext/loss`, with `-best` where it is the best of any epoch. */
export function metricName({ head, protocol, layer, measure, epoch }: Omit<Metric, keyof Quantity | 'value'>): string {
  const parts = [head, protocol, layer, epoch === 'best' ? `${measure}-best` : measure];
  return parts.filter((part) => part !== undefined).join('/');
}

/** Metrics by name. Throws `RangeError` where two have one name. */
export function metricValues(metrics: readonly Metric[]): Record<string, number> {
  const values: Record<string, number> = {};
  for (const metric of metrics) {
    const name = metricName(metric);
    if (Object.hasOwn(values, name)) throw new RangeError(`Two metrics are called ${name}`);
    values[name] = metric.value;
  }
  return values;
}

const word = z.string().regex(/^[^/\s]+$/, 'must be a word without a slash');

/** One entry of `metrics.json`. Strict, and finite numbers only. */
export const metricSchema = z.strictObject({
  head: word,
  protocol: word.optional(),
  family: z.strictObject({ name: word, parameter: z.string() }).optional(),
  layer: word.optional(),
  measure: word,
  epoch: z.literal('best').optional(),
  aside: z.literal(true).optional(),
  unit: z.enum(units),
  better: z.enum(['more', 'less', 'neither']),
  value: z.number(),
});

/** Quantities that are published under one title, `<head>/<protocol>/<layer>`; undefined ones are left out. */
export function metricsOf<Name extends string>(
  title: Pick<Metric, 'head' | 'protocol' | 'family' | 'layer' | 'aside'>,
  quantities: Readonly<Record<Name, Quantity>>,
  values: Readonly<Partial<Record<Name, number | undefined>>>,
): Metric[] {
  return (Object.keys(quantities) as Name[]).flatMap((measure) => {
    const value = values[measure];
    return value === undefined ? [] : [{ ...title, measure, ...quantities[measure], value }];
  });
}

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
