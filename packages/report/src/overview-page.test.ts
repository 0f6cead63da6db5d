import { expect, test } from 'vitest';
import type { OverviewInput } from './overview-input.ts';
import { renderOverview } from './overview-page.ts';
import { sampleMetric, sampleRun } from './testing/run.ts';

const nothing: OverviewInput = { runs: [], experiments: {}, comparisons: [], damaged: [] };
const at = (day: string) => ({ finished: `2026-11-${day}T10:00:00.000Z` });
/** The page from one section's heading to the next. */
const part = (page: string, id: string): string => new RegExp(`<section id="${id}">[^]*?</section>`).exec(page)![0];
const places = (page: string, names: readonly string[]): number[] =>
  names.map((name) => page.indexOf(`experiment-${name}"`));

test('the same results stand by number, by date and by experiment', () => {
  const page = renderOverview({
    ...nothing,
    runs: [
      sampleRun('worst', [sampleMetric(20, 'conv1')], at('28')),
      sampleRun('good', [sampleMetric(50, 'conv1')], at('27')),
      sampleRun('fair', [sampleMetric(30, 'conv1')], at('29')),
    ],
  });
  const orders = {
    best: ['good', 'fair', 'worst'],
    newest: ['fair', 'worst', 'good'],
    experiments: ['fair', 'good', 'worst'],
  };
  for (const [id, names] of Object.entries(orders)) {
    const found = places(part(page, id), names);
    expect(found).not.toContain(-1);
    expect([...found].sort((a, b) => a - b)).toEqual(found);
  }
});

test('it leads to the reports there are, and says how the others are made', () => {
  const page = renderOverview({
    ...nothing,
    runs: [sampleRun('one', [sampleMetric(20, 'conv1')]), sampleRun('two', [sampleMetric(20, 'conv1')])],
    experiments: { one: { title: 'First', report: 'one/report/index.html' } },
    comparisons: [{ name: 'both', title: 'Both', report: 'compare/both/index.html' }],
  });
  expect(page).toContain('href="one/report/index.html"');
  expect(page).toContain('href="compare/both/index.html"');
  expect(page).toContain('<code>selfsup report two</code>');
  expect(page).not.toContain('<code>selfsup report one</code>');
});

test('it loads nothing, runs nothing, and escapes what it is given', () => {
  const evil = '<script>alert(1)</script>"';
  const page = renderOverview({
    runs: [sampleRun('one', [sampleMetric(20, 'conv1')], { variant: evil, hosts: [evil], processors: [evil] })],
    experiments: { one: { title: evil } },
    comparisons: [{ name: 'c', title: evil, report: 'c.html' }],
    damaged: [evil],
  });
  expect(page).not.toMatch(/<script|<link|<img|src=|@import|url\(/);
  expect(page).toContain('prefers-color-scheme:dark');
});

test('what could not be read is counted on top and named below', () => {
  const page = renderOverview({ ...nothing, damaged: ['a/manifest.json is torn', 'b/manifest.json is torn'] });
  expect(page).toMatch(/class="banner">2 of the files/);
  expect(part(page, 'unread')).toContain('b/manifest.json is torn');
  expect(part(page, 'none')).toContain('No result is published here');
});

test('of many results the first stand open', () => {
  const runs = Array.from({ length: 25 }, (_, i) => sampleRun(`run-${i}`, [sampleMetric(i, 'conv1')]));
  const best = part(renderOverview({ ...nothing, runs }), 'best');
  expect(best).toContain('5 more</summary>');
  expect(best.match(/<th scope="row">/g)).toHaveLength(25);
});

test('where a machine has another processor each row says which', () => {
  const [one, two] = [sampleRun('one', []), sampleRun('two', [], { processors: ['Xeon'] })];
  expect(part(renderOverview({ ...nothing, runs: [one] }), 'newest')).not.toContain('EPYC');
  expect(part(renderOverview({ ...nothing, runs: [one, two] }), 'newest')).toMatch(/EPYC[^]*Xeon/);
});
