import type { Unit } from '@selfsup/kit/metric';
import type { PublishedNumber } from '../input.ts';
import type { MetricValues } from './gather.ts';

/** Whether a published percentage stands beside a share of ours, as mean average precisions do. */
function isShare({ unit }: Pick<PublishedNumber, 'unit'>, ours: MetricValues | undefined): boolean {
  return unit === '%' && ours?.about.unit === 'share';
}

/** A published number as ours are given: a percentage as a share where ours is one. */
export function inUnitOfOurs(number: PublishedNumber, ours: MetricValues | undefined): { value: number; unit: Unit } {
  if (isShare(number, ours)) return { value: number.value / 100, unit: 'share' };
  return { value: number.value, unit: number.unit === '%' ? '%' : (ours?.about.unit ?? 'none') };
}

/** Ours as the published number is given: a share in percent where that is one. */
export function inUnitOfPublished(number: PublishedNumber, ours: MetricValues): MetricValues {
  if (!isShare(number, ours)) return ours;
  const { mean, deviation } = ours;
  return {
    ...ours,
    about: { ...ours.about, unit: '%' },
    mean: 100 * mean,
    deviation: deviation === undefined ? undefined : 100 * deviation,
  };
}
