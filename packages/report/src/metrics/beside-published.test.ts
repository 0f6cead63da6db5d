import { expect, test } from 'vitest';
import { meanAveragePrecision, type Metric } from '@selfsup/kit/metric';
import type { PublishedNumber } from '../input.ts';
import { publishedTable } from '../tables/published-table.ts';
import { inUnitOfOurs, inUnitOfPublished } from './beside-published.ts';
import type { MetricValues } from './gather.ts';

const about: Metric = { head: 'voc', protocol: 'rotnet', measure: 'map', ...meanAveragePrecision, value: 0.721 };
const ours: MetricValues = {
  ...{ metric: 'voc/rotnet/map', about, variant: 'rotnet', remarks: [] },
  ...{ bySeed: new Map([[1, 0.721]]), mean: 0.721, deviation: 0.012 },
};
const number: PublishedNumber = {
  ...{ metric: 'voc/rotnet/map', variant: 'rotnet', value: 72.97, unit: '%', comparable: true },
  ...{ source: 'RotNet', protocol: 'fine-tuned' },
};

test('a percentage and a share of ours are brought to one unit, others are left', () => {
  expect(inUnitOfOurs(number, ours)).toEqual({ value: 0.7297, unit: 'share' });
  const percent = inUnitOfPublished(number, ours);
  expect([percent.about.unit, percent.mean, percent.deviation]).toEqual(['%', 72.1, 1.2]);
  const accuracy: MetricValues = { ...ours, about: { ...about, unit: '%' }, mean: 70 };
  expect(inUnitOfOurs(number, accuracy)).toEqual({ value: 72.97, unit: '%' });
  expect(inUnitOfPublished(number, accuracy)).toBe(accuracy);
  expect(inUnitOfOurs({ ...number, unit: undefined }, undefined)).toEqual({ value: 72.97, unit: 'none' });
});

test('the table of published numbers gives their difference in that unit', () => {
  const { text } = publishedTable([number], new Map([['voc/rotnet/map', [ours]]]));
  const cells = [...text.matchAll(/<td class="number">([^<]*)<\/td>/g)].map(([, value]) => value!.trim());
  expect(cells).toEqual(['0.721 ± 0.012', '0.7297', '−0.0087']);
});
