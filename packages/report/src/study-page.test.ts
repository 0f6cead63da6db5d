import { expect, test } from 'vitest';
import { renderComparison } from './comparison-page.ts';
import { sampleStudy } from './testing/study.ts';

const sample = sampleStudy();
const page = (await renderComparison(sample)).replaceAll(/\s+/g, ' ');
const section = (id: string, of = page): string => of.slice(of.indexOf(`<section id="${id}">`)).split('</section>')[0]!;
const text = (markup: string): string =>
  markup
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim();
const rowsOf = (table: string): string[][] =>
  table
    .split('<tr')
    .slice(1)
    .map((row) => [...row.matchAll(/<t[dh][^>]*>(.*?)<\/t[dh]>/g)].map(([, cell]) => text(cell!)));

test('one chart for each group, with the references in each, all on one scale; no chart of references alone', () => {
  const [first] = section('results').split('<h3>').slice(1);
  const charts = first!.split('<figure').slice(1);
  expect(charts.map((chart) => text(/<figcaption>(.*?)<\/figcaption>/.exec(chart)![1]!))).toEqual([
    ...['BiGAN', 'RotNet', 'DeepCluster', 'Generator ablations'],
  ]);
  const scales = charts.map((chart) => [...chart.matchAll(/text-anchor="end">([\d.]+)</g)].map(([, tick]) => tick));
  expect(new Set(scales.map(String)).size).toBe(1);
  for (const chart of charts) expect(chart).toContain('<title>Random weights, layer conv1: 37</title>');
  expect(charts[1]).toContain('RotNet, mono A');
  expect(charts[1]).not.toContain('BiGAN');
});

test('one chart of a family up front: the first measure by the first k; other measures folded, many in tables alone', () => {
  const [open, folded] = section('results').split('<details>');
  const titles = (part: string): string[] => [...part.matchAll(/<h3>(.*?)<\/h3>/g)].map(([, title]) => title!);
  expect(titles(open!)).toEqual([
    ...['linear, protocol asano: top-1', 'knn, protocol cosine, k = 1: top-1', 'clusters, protocol kmeans-k10: nmi'],
  ]);
  expect(titles(folded!)).toEqual(['linear, protocol asano: top-5']);
});

test('the k of nearest neighbours stand beside each other under their layer', () => {
  const knn = section('protocols').split('<h3>knn')[1]!;
  const rows = rowsOf(knn.slice(0, knn.indexOf('</table>')));
  expect(rows.slice(0, 2).map((row) => row.slice(0, 4))).toEqual([
    ['system', 'seeds', 'conv1', 'conv2'],
    ['k = 1', 'k = 20', 'k = 1', 'k = 20'],
  ]);
  // By the fixture's formula: 30 + 7 × 1 % 20 is 37 for the second entry; less k / 10.
  expect(rows.find(([label]) => label === 'Random weights')!.slice(1, 6)).toEqual([
    '1',
    '36.90',
    '35.00',
    '38.90',
    '37.00',
  ]);
  expect(rows.filter((row) => row.length === 1).map(([title]) => title)).toEqual([
    ...['Baselines', 'BiGAN', 'RotNet', 'DeepCluster', 'Generator ablations'],
  ]);
});

test('the many measures of clustering stand in one table, a block for each layer', () => {
  const clusters = section('protocols').split('All 4 measures')[1]!;
  const rows = rowsOf(clusters.slice(0, clusters.indexOf('</table>')));
  expect(rows[0]).toEqual(['system', 'nmi', 'ami', 'purity', 'hungarian']);
  expect(rows.filter((row) => row.length === 1).map(([layer]) => layer)).toEqual([
    ...['conv1', 'conv2', 'conv3', 'conv4', 'conv5'],
  ]);
  expect(rows[2]).toEqual(['Labels', '0.3', '0.29', '0.28', '0.27']);
});

test('the published table stands whole in its order, ours beside it, a dash where there is none', () => {
  const literature = section('literature');
  const rows = rowsOf(literature.slice(literature.indexOf('<tbody'), literature.indexOf('</table>')));
  expect(rows).toEqual([
    ['(a) Supervised', 'Labels', '1,281,167', '19.3', '30.00', '50.5', '38.00'],
    ['(b) Scattering', 'Scattering', '0', '18.9', '44.00', '–', '–'],
    ['(c) RotNet, mono of image A', 'RotNet, mono A', '1', '19.9', '33.00', '21.9', '41.00'],
    // A second entry beside the same row: the published cells go over both lines.
    ['RotNet, mono B', '40.00', '–'],
    ['(d) Jigsaw', '–', '1', '15.5', '–', '20.5', '–'],
  ]);
  expect(text(literature)).toContain('not comparable Ours are measured by another protocol');
  expect(text(literature)).toContain('CIFAR-10 here');
  expect(literature).not.toContain('Ours beside the published numbers');
});

test('a difference stands in the whole table only where the protocol is the same', async () => {
  const published = sample.published.map((one) => ({ ...one, comparable: one.variant === 'Labels' }));
  const shown = section('literature', (await renderComparison({ ...sample, published })).replaceAll(/\s+/g, ' '));
  const rows = rowsOf(shown.slice(shown.indexOf('<tbody'), shown.indexOf('</table>')));
  expect(rows[0]!.slice(3)).toEqual(['19.3', '30.00 +10.70', '50.5', '38.00 −12.50']);
  expect(rows[2]!.slice(3)).toEqual(['19.9', '33.00', '21.9', '41.00']);
});

test('error rates of a whole table are shown as the accuracies that ours are', async () => {
  const [whole] = sample.wholeTables!;
  const table = { ...whole!.table, measure: 'error' as const };
  const shown = (await renderComparison({ ...sample, wholeTables: [{ ...whole!, table }] })).replaceAll(/\s+/g, ' ');
  const literature = section('literature', shown);
  expect(rowsOf(literature.slice(literature.indexOf('<tbody')))[0]?.[3]).toBe('80.7');
  expect(shown).toContain('accuracy (100 − error)');
});

test('samples of each dataset, once, with what it was made of and who learned from it', () => {
  const samples = section('samples');
  const captions = [...samples.matchAll(/<figcaption>(.*?)<\/figcaption>/g)].map(([, one]) => text(one!));
  expect(captions).toHaveLength(9);
  expect(captions[1]).toBe(
    'mono-A : 50000 images made of mono-A learned from by BiGAN, mono A, RotNet, mono A, DeepCluster, mono A',
  );
  expect(samples.match(/<img/g)).toHaveLength(9);
  expect(section('data')).not.toContain('<img');
});

test('where all learned from one dataset its sheet stands under Data alone', async () => {
  const entries = sample.entries.map((entry) => ({ ...entry, pretrainedOn: ['full'] }));
  const shown = await renderComparison({ ...sample, entries, datasets: sample.datasets.slice(0, 1) });
  expect(shown).not.toContain('id="samples"');
  expect(section('data', shown)).toContain('<img');
});

test('filters by group, each under the name of its entry', () => {
  const groups = section('filters').split('<h3>').slice(1);
  expect(groups.map((group) => group.split('</h3>')[0])).toEqual([
    ...['Baselines', 'BiGAN', 'RotNet', 'DeepCluster', 'Generator ablations'],
  ]);
  const captions = [...groups[4]!.matchAll(/<figcaption>(.*?)<\/figcaption>/g)].map(([, caption]) => caption);
  expect(captions).toEqual(['no crops', 'no turns', 'no colours', 'no noise']);
});

test('the head of the page names groups where systems are many', () => {
  expect(page).toContain('22: Baselines (3), BiGAN (5), RotNet (5), DeepCluster (5), Generator ablations (4)');
});
