import { expect, test } from 'vitest';
import { meanAveragePrecision, type Metric } from '@selfsup/kit/metric';
import { renderComparison } from './comparison-page.ts';
import { pictures, type Pictures } from './figures/kinds/pictures.ts';
import { sampleComparison } from './testing/comparison.ts';

const sample = sampleComparison();
const page = (await renderComparison(sample)).replaceAll(/\s+/g, ' ');

/** The cells of each row of a table, as text. */
function table(html: string, after: string): string[][] {
  const from = html.indexOf(after);
  expect(from, after).toBeGreaterThanOrEqual(0);
  const body = html.slice(html.indexOf('<tr', from), html.indexOf('</table>', from));
  return body
    .split('<tr')
    .slice(1)
    .map((row) =>
      [...row.matchAll(/<t[dh][^>]*>(.*?)<\/t[dh]>/g)].map(([, cell]) =>
        (cell ?? '')
          .replaceAll(/<[^>]*>/g, '')
          .replaceAll(/\s+/g, ' ')
          .trim(),
      ),
    );
}

const section = (id: string): string => page.slice(page.indexOf(`<section id="${id}">`)).split('</section>')[0]!;

test('one table per protocol: entries by layers with seeds, mean and deviation, wall time and keys', () => {
  const [head, labels, rotnet, random, published] = table(section('protocols'), 'top-1 by layer');
  expect(head).toEqual(['system', 'seeds', 'conv1', 'conv2', 'conv10', 'wall time', 'config']);
  // By hand: the deviation of 41 and 43 is the root of 2; 30 s and 32 s are 31 s in the mean.
  expect(labels).toEqual([
    'Labels',
    '1, 2',
    '42.00 ± 1.41',
    '61.00 ± 1.41',
    '72.00 ± 1.41',
    '31 s',
    '601eeeee 602eeeee',
  ]);
  expect(rotnet?.slice(1, 5)).toEqual(['1, 2', '42.00 ± 0.00', '56.00 ± 1.41', '52.00 ± 2.83']);
  expect(random?.slice(1, 6)).toEqual(['1', '40.00', '48.00', '39.00', '30 s']);
  expect(published).toEqual(['RotNet [10] published', '–', '18.80', '31.70', '36.50', 'Table 5']);
});

test('a further measure of the same layers has its own table, and no published number of another measure', () => {
  const rows = table(section('protocols'), 'top-5 by layer');
  expect(rows.map(([system]) => system)).toEqual(['system', 'Labels', 'RotNet', 'Random other settings']);
  expect(rows[1]?.[2]).toBe('62.00 ± 1.41');
});

test('at one layer the measures are the columns', () => {
  const [head, labels] = table(section('protocols'), 'retrieval, protocol cosine');
  expect(head?.slice(2, 3)).toEqual(['map']);
  expect(labels?.[2]).toBe('0.4 ± 0');
});

test('what is measured of a whole network is an evaluation like those of a layer, its share in percent', async () => {
  const about = { head: 'voc-all', protocol: 'philkr' };
  const rows = sample.rows.map((row) => {
    if (row.stage !== 'retrieval') return row;
    const map: Metric = { ...about, measure: 'map', ...meanAveragePrecision, value: 0.07 };
    const positives: Metric = { ...about, measure: 'positives', unit: 'count', better: 'neither', value: 549 };
    return { ...row, metrics: [map, positives] };
  });
  const page = (await renderComparison({ ...sample, rows })).replaceAll(/\s+/g, ' ');
  const [head, labels] = table(page, 'On the whole network');
  expect(head?.slice(2, 4)).toEqual(['map', 'positives']);
  expect(labels?.slice(2, 4)).toEqual(['7.00 ± 0.00', '549 ± 0']);
  const results = page.slice(page.indexOf('<section id="results">')).split('</section>')[0]!;
  expect(results).toMatch(/voc-all, map<.*<span class="value">7\.00 ± 0\.00<.*positives: 549</);
  expect(page.slice(page.indexOf('<section id="further">')).split('</section>')[0]).not.toContain('voc-all');
});

test('an entry that was measured in another way is marked, with what differs', () => {
  const protocols = section('protocols');
  expect(protocols.match(/Not all of these were measured in the same way/g)).toHaveLength(1);
  expect(protocols).toContain('Random: <code>epochs</code> 2, Labels: 8');
  expect(table(protocols, 'top-1 by layer').map(([system]) => system?.includes('other settings'))).toEqual([
    ...[false, false, false, true, false],
  ]);
});

test('a published number of another protocol stands in no table of ours, and the page says so', () => {
  expect(table(section('protocols'), 'conv, protocol yardstick').map(([system]) => system)).toEqual([
    ...['system', 'Labels', 'RotNet', 'Random'],
  ]);
  expect(section('protocols')).toContain('the published numbers of RotNet + conv; Random + conv');
  const rows = table(section('literature'), 'Ours beside the published numbers');
  expect(rows.map((row) => row[4]?.replace(/ .*/, ''))).toEqual(['protocol', 'same', 'same', 'same', 'not', 'not']);
  expect(rows[4]).toEqual([
    ...['conv on conv2, top-1 protocol yardstick RotNet', '60.00 ± 0.00', '91.16 %', ''],
    ...['not comparable mixed: 50,000 images10,000 images here', 'Table 4'],
  ]);
});

test('a published method that is no entry has a row and a curve, and stands beside none of ours', async () => {
  const { variant: _variant, ...number } = sample.published[1]!;
  const other = { ...number, method: 'Context', source: 'Table 9', value: 30.2 };
  const shown = (await renderComparison({ ...sample, published: [other] })).replaceAll(/\s+/g, ' ');
  expect(table(shown, 'top-1 by layer').at(-1)).toEqual(['Context published', '–', '–', '30.20', '–', 'Table 9']);
  expect(table(shown, 'Ours beside the published numbers')[1]?.slice(1, 4)).toEqual(['–', '30.20 %', '']);
});

test('an order that is not the published one is told with the numbers', () => {
  expect(section('literature')).toContain(
    'Published: Random 95.50 above RotNet 91.16. Here: RotNet 60.00 ± 0.00 above Random 50.00. The protocols differ.',
  );
});

test('a curve over the layers in their order, the published one dashed', () => {
  const results = section('results');
  expect([...results.matchAll(/text-anchor="middle">(conv\d+)</g)].map(([, layer]) => layer)).toEqual([
    ...['conv1', 'conv2', 'conv10', 'conv1', 'conv2', 'conv10'],
  ]);
  expect(results).toContain('<title>Labels, layer conv2: 61 ± 1.41</title>');
  expect(results).toContain('<title>RotNet [10], published, layer conv10: 36.5</title>');
  expect(results.match(/stroke-dasharray/g)).toHaveLength(2); // the line and its sample in the legend
});

test('pictures of the same evaluation stand side by side, those of the first seed alone', () => {
  const pictures = section('pictures');
  expect(pictures.match(/<div class="beside">/g)).toHaveLength(2);
  const [, first] = pictures.split('<div class="beside">');
  expect([...first!.matchAll(/alt="([^"]*)"/g)].map(([, alt]) => alt)).toEqual([
    ...['Labels: neighbours of 0', 'RotNet: neighbours of 0', 'Random: neighbours of 0'],
  ]);
});

test('pictures whose captions tell results keep them, each under its own', async () => {
  const rows = sample.rows.map((row) => ({
    ...row,
    figures: row.figures
      .filter(({ kind }) => kind === 'pictures')
      .map(({ data }) => {
        const all = (data as Pictures).pictures.map((one) => ({ ...one, caption: `${row.variant} found 3 of 9` }));
        return pictures({ pictures: all, beside: true });
      }),
  }));
  const shown = (await renderComparison({ ...sample, rows })).replaceAll(/\s+/g, ' ');
  expect(shown.match(/<div class="beside">/g)).toHaveLength(2);
  expect(shown).toMatch(/<figcaption>RotNet: RotNet found 3 of 9 /);
});

test('what is compared: experiment, variant, network and the time that a seed took in all', () => {
  const rows = table(section('compared'), 'Wall time of one seed');
  expect(rows[1]).toEqual([
    ...['Labels', 'labels-small Labels, small', 'tasks/rotnet', 'nin, blocks 3, width 64', '1, 2'],
    ...['10 min', '10 min 36 s', '801eeeee 802eeeee'], // 600 s; with 31 s and 5 s
  ]);
  expect(rows[3]?.[1]).toContain('random-small random');
});

test('metrics of no protocol have a table of their own', () => {
  expect(section('further')).toContain('rotation-accuracy');
  expect(section('seeds')).not.toContain('rotation-accuracy');
});

test('one file that loads nothing; text from outside is escaped; tags are balanced', async () => {
  const hostile = '<script>alert(1)</script>"\'&';
  const taint = (value: unknown): unknown => {
    if (typeof value === 'string') return `${hostile}${value}`;
    if (value instanceof Uint8Array || typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map(taint);
    const kept = new Set(['kind', 'unit', 'better', 'epoch', 'pixels']);
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, kept.has(key) ? part : taint(part)]));
  };
  for (const text of [page, await renderComparison(taint(sample) as typeof sample)]) {
    expect(text).not.toMatch(/<(script|link|iframe|object|embed)\b/);
    for (const [, address] of text.matchAll(/\b(?:src|href)="([^"]*)"/g))
      expect(address).toMatch(/^(data:image\/png;base64,|#[a-z]+$)/);
    for (const [, id] of text.matchAll(/href="#([a-z]+)"/g)) expect(text).toContain(`id="${id}"`);
    for (const tag of [
      'table',
      'tr',
      'td',
      'th',
      'section',
      'details',
      'div',
      'figure',
      'svg',
      'ul',
      'li',
      'p',
      'span',
    ])
      expect([tag, text.split(new RegExp(`<${tag}[\\s>]`)).length]).toEqual([
        tag,
        text.split(new RegExp(`</${tag}\\s*>`)).length,
      ]);
  }
});

test('a comparison of which nothing has been run still gives a page', async () => {
  const empty = await renderComparison({ ...sample, rows: [], published: [], datasets: [] });
  expect(empty).toContain('<h1>Labels, RotNet, random weights</h1>');
  expect(empty).toContain('have not been run');
});
