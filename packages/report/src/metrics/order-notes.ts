import type { PublishedNumber } from '../input.ts';
import { publishedText } from './beside-published.ts';
import { meanText, valuesOf, type Metrics } from './gather.ts';

/** Two methods whose order here is not the published one, with the numbers of both. */
export interface OrderNote {
  readonly metric: string;
  readonly text: string;
  /** Whether the published numbers were made by the protocol of ours. */
  readonly comparable: boolean;
}

/**
 * Where two entries stand the other way round than in one column of a published table. Entries whose means are equal, or
 * that lack a number on either side, say nothing.
 */
export function orderNotes(published: readonly PublishedNumber[], metrics: Metrics): OrderNote[] {
  const known = published.flatMap((number) => {
    const ours = valuesOf(metrics, number.metric, number.variant);
    return ours === undefined || number.table === undefined ? [] : [{ number, ours }];
  });
  return known.flatMap(({ number, ours }, i) =>
    known.slice(i + 1).flatMap((other): OrderNote[] => {
      if (other.number.metric !== number.metric || other.number.table !== number.table) return [];
      const [published, here] = [number.value - other.number.value, ours.mean - other.ours.mean];
      if (published * here >= 0) return [];
      const [above, below] = published > 0 ? [{ number, ours }, other] : [other, { number, ours }];
      const value = (one: typeof above): string => publishedText(one.number, one.ours);
      return [
        {
          metric: number.metric,
          comparable: number.comparable === true && other.number.comparable === true,
          text:
            `Published: ${above.ours.variant} ${value(above)} above ${below.ours.variant} ${value(below)}. ` +
            `Here: ${below.ours.variant} ${meanText(below.ours)} above ${above.ours.variant} ${meanText(above.ours)}.`,
        },
      ];
    }),
  );
}
