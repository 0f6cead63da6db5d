import { expect, test } from 'vitest';
import { meanAveragePrecision, type Metric } from '@selfsup/kit/metric';
import type { ExpectedNumber, PublishedNumber, StageRow } from '../input.ts';
import { renderReport } from '../page.ts';
import { sampleReport } from '../testing/sample.ts';
import { allInPercent } from './beside-published.ts';

const name = 'voc-all/philkr/map';
const title = { head: 'voc-all', protocol: 'philkr' };
const published: PublishedNumber = {
  ...{ metric: name, variant: 'rotnet', value: 72.97, unit: '%', comparable: true },
  ...{ source: 'RotNet paper', method: 'RotNet [10]', protocol: 'fine-tuned' },
};
const expected: ExpectedNumber = { metric: name, value: 0.71, tolerance: 0.07, source: 'PyTorch' };

/** What the two seeds of RotNet measured on VOC: a share, and among how many positives. */
function transfer(): StageRow[] {
  const { rows } = sampleReport();
  return [0.721, 0.705].map((value, i) => {
    const map: Metric = { ...title, measure: 'map', ...meanAveragePrecision, value };
    const positives: Metric = { ...title, measure: 'positives', unit: 'count', better: 'neither', value: 1549 };
    return { ...rows[0]!, seed: i + 1, stage: 'voc', figures: [], metrics: [map, positives] };
  });
}

test('shares of ours are percentages, and so is what stands beside them unless it says so itself', () => {
  const input = { seeds: [1, 2], variants: ['rotnet'], rows: transfer() };
  const asShares = ['share', undefined].map((unit) => ({ ...published, value: 0.07, unit }));
  const elsewhere = { ...published, metric: 'linear/top1', unit: undefined };
  const { shown, ...beside } = allInPercent(input, [published, ...asShares, elsewhere], [expected]);
  expect(shown.rows.map(({ metrics: [map, positives] }) => [map!.unit, map!.value, positives!.value])).toEqual([
    ['%', 72.1, 1549],
    ['%', 70.5, 1549],
  ]);
  expect(beside.published.map(({ value, unit }) => [value, unit])).toEqual([
    [72.97, '%'],
    [7, '%'],
    [7, '%'],
    [72.97, undefined],
  ]);
  expect(beside.expected).toEqual([{ ...expected, value: 71, tolerance: 7 }]);
});

test('the results lead with mean average precision, beside what is published and the number of positives', async () => {
  const sample = sampleReport();
  const other = { ...published, comparable: false, value: 11.11 };
  const about = { ...sample.about, published: [published, other], expected: [expected] };
  const page = (await renderReport({ ...sample, about, rows: [...sample.rows, ...transfer()] })).replaceAll(
    /\s+/g,
    ' ',
  );
  const text = (from: string, to: string): string =>
    page.slice(page.indexOf(from)).split(to)[0]!.replaceAll(/<[^>]*>/g, '|').replaceAll(/[|\s]+/g, '|'); // prettier-ignore
  const block = text(`<span title="${name}">voc-all, map`, '</div>');
  expect(block).toBe(
    '|voc-all,|map|protocol|philkr|rotnet|71.30|±|1.13|RotNet|[10],|published|72.97|60|80|%|positives:|1,549|',
  );
  expect(text('Expected numbers', '</table>')).toContain('✓|within|71.30|±|1.13|71.00|±|7|PyTorch');
  expect(text('Published numbers', '</table>')).toContain('71.30|±|1.13|72.97|%|−1.67|same|protocol');
  expect(text('All metrics by seed', '</table>')).toContain('rotnet|72.10|70.50|71.30|1.13');
});
