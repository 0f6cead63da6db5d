import { expect, test } from 'vitest';
import { lineChart, ticks } from './svg-chart.ts';

test.each([
  [0, 1],
  [47, 61],
  [-3, 1000],
  [0.012, 0.019],
  [1, 8],
])('ticks from %d to %d are round, few and enclose the range closely', (low, high) => {
  const given = ticks(low, high);
  const step = given[1]! - given[0]!;
  expect([1, 2, 2.5, 5]).toContain(Number((step / 10 ** Math.floor(Math.log10(step))).toFixed(6)));
  given.forEach((tick, i) => expect(tick).toBeCloseTo(given[0]! + i * step, 9));
  expect(given.length).toBeGreaterThanOrEqual(3);
  expect(given.length).toBeLessThanOrEqual(8);
  expect(given[0]! <= low && low < given[1]!).toBe(true);
  expect(given.at(-1)! >= high && high > given.at(-2)!).toBe(true);
});

test('a single value still gets an axis', () => {
  expect(ticks(0, 0)).toEqual([0, 1]);
  expect(ticks(5, 5).length).toBeGreaterThan(2);
});

test('points lie where the axes say, values that are not finite are left out, each point has its value on hover', () => {
  const points = [[1, 10] as const, [2, NaN] as const, [3, 20] as const];
  const chart = { title: 'loss', xLabel: 'epoch', yLabel: 'loss', series: [{ name: 'a & b', colour: 0, points }] };
  const text = lineChart(chart).text;
  const path = /<path d="M([\d.]+) ([\d.]+)L([\d.]+) ([\d.]+)"/.exec(text)!.slice(1).map(Number) as [
    number,
    number,
    number,
    number,
  ];
  expect(path[0]).toBeLessThan(path[2]);
  expect(path[1]).toBeGreaterThan(path[3]); // a larger value stands higher
  expect(text.match(/<title>/g)).toHaveLength(2);
  expect(text).toContain('<title>a &amp; b, epoch 3: 20</title>');
  expect(text).not.toContain('NaN');
});

test('a chart without points is nothing', () => {
  expect(lineChart({ title: 't', xLabel: 'x', yLabel: 'y', series: [] }).text).toBe('');
});
