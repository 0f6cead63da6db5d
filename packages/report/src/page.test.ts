import { expect, test } from 'vitest';
import { formerMetrics, metricName } from '@selfsup/kit/metric';
import { pictures } from './figures/kinds/pictures.ts';
import { encodePng } from './images/png.ts';
import { isHeadline } from './metrics/gather.ts';
import { renderReport } from './page.ts';
import { sampleReport } from './testing/sample.ts';

const page = await renderReport(sampleReport());

test('every metric appears as printed, with its mean and deviation', () => {
  for (const row of sampleReport().rows)
    for (const metric of row.metrics) {
      const { value } = metric;
      const shown = /top1|accuracy/.test(metricName(metric)) ? value.toFixed(2) : String(Number(value.toPrecision(4)));
      expect(page).toContain(`>${shown}</td>`);
    }
  expect(page).toContain('56.30 ± 1.27'); // of 57.20 and 55.40, by hand
});

test('the head says on which machines it was computed, and with which GPU', async () => {
  expect(page).toMatch(/computed on<\/dt>\s*<dd>lab-2 \(x86-64, AVX-512, 2 threads\)<\/dd>/);
  const { rows, ...input } = sampleReport();
  const elsewhere = rows.slice(0, 6).map((row, i) => ({
    ...row,
    run: { host: `node-${i}` },
    reproducibility: { key: 'k', engine: { gpu: 'A100' } },
  }));
  const far = await renderReport({ ...input, rows: elsewhere });
  expect(far).toContain('node-0 (A100), node-1 (A100), node-2 (A100), node-3 (A100), and 2 more');
});

test('text from outside is escaped wherever it lands', async () => {
  const hostile = '<script>alert(1)</script><img src=x onerror=alert(2)>"\'&';
  const sample = sampleReport();
  const taint = (value: unknown): unknown => {
    if (typeof value === 'string') return `${hostile}${value}`;
    if (value instanceof Uint8Array || typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map(taint);
    const kept = new Set(['pixels', 'kind', 'unit', 'better', 'epoch']);
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, kept.has(key) ? part : taint(part)]));
  };
  const everywhere = taint(sample) as typeof sample;
  const text = await renderReport({
    ...everywhere,
    rows: everywhere.rows.map((row) => ({ ...row, uses: hostile, config: { [hostile]: hostile } })),
  });
  expect(text).not.toContain('<script');
  expect(text).not.toMatch(/<img src=x/);
  expect(text).toContain('&lt;script&gt;alert(1)');
  expect(text.replaceAll(/"[^"]*"/g, '""')).not.toMatch(/<[a-z][^>]*\sonerror=/);
});

test('nothing is loaded from anywhere and no script runs', async () => {
  expect(page).not.toMatch(/<(script|link|iframe|object|embed)\b/);
  for (const [, address] of page.matchAll(/\b(?:src|srcset|poster|data)="([^"]*)"/g))
    expect(address).toMatch(/^data:image\/png;base64,/);
  for (const [, address] of page.matchAll(/\bhref="([^"]*)"/g)) expect(address).toMatch(/^#[a-z]+$/);
  expect(page).not.toMatch(/@import|url\(/);
  const sample = sampleReport();
  const picture = { image: Buffer.from('https://example.org/a.png and more'), caption: 'c' };
  const figures = [pictures({ pictures: [picture], beside: false })];
  await expect(renderReport({ ...sample, rows: [{ ...sample.rows[0]!, figures }] })).rejects.toThrow(TypeError);
});

test('the dataset says how its folders were read and what to beware of', async () => {
  const sample = sampleReport();
  const [dataset] = sample.datasets;
  const passed = { reason: 'no picture that is read', ending: '.heic', count: 12, example: 'train/c/<1>.heic' };
  const shown = await renderReport({
    ...sample,
    datasets: [
      {
        ...dataset!,
        warnings: [{ kind: 'single-class', message: 'There is only one class, c.' }],
        reading: { layout: 'one split, train; classes by folder', turned: 1234, passedOver: [passed] },
      },
    ],
  });
  expect(shown).toContain('There is only one class, c.');
  expect(shown).toContain('Folders: one split, train; classes by folder');
  expect(shown).toMatch(/EXIF orientation: 1.234 pictures/);
  expect(shown.replaceAll(/\s+/g, ' ')).toMatch(
    /Passed over: 12 files \.heic, no picture that is read, such as <code>train\/c\/&lt;1&gt;\.heic/,
  );
});

test('a stand-in for the data, warnings and files set aside are said at the top', () => {
  const top = page.slice(0, page.indexOf('<main>')).replaceAll(/\s+/g, ' ');
  expect(top).toContain('Not the usual data.');
  expect(top).toContain('shapes rendered by our own code, standing in for fashion-mnist');
  expect(top).toContain('1 unreadable file was set aside');
  expect(top).toContain('Features were extracted with another engine');
});

test('a published number of another protocol gets no difference, one of the same protocol does', () => {
  const rows = [...page.matchAll(/<tr class="(comparable|incomparable)">.*?<\/tr>/gs)].map(([row]) => row);
  expect(rows).toHaveLength(2);
  expect(rows[0]).toContain('+0.30'); // 60.05 beside 59.75
  expect(rows[1]).toContain('not comparable');
  expect(rows[1]).not.toMatch(/<td class="number">[+−]/);
});

test('expected numbers are judged by their tolerance', () => {
  const table = page.slice(page.indexOf('what is expected of this recipe'));
  const rows = table.slice(0, table.indexOf('</table>')).split('<tr>').slice(2);
  expect(rows.map((row) => /within|outside/.exec(row)?.[0])).toEqual(['within', 'within', 'within', 'outside']);
  expect(rows[3]).toContain('70.90 ± 0.1'); // ours is 70.775
});

test('the confusion matrix has a header for each row and column and all counts', () => {
  const matrix = page.slice(
    page.indexOf('<table class="confusion"'),
    page.indexOf('</table>', page.indexOf('<table class="confusion"')),
  );
  expect(matrix.match(/<th scope="row">/g)).toHaveLength(10);
  expect(matrix.match(/<th scope="col"/g)).toHaveLength(11);
  expect(matrix).toContain('title="true circle, predicted circle: 71 of 100 (71.0 %)"');
});

test('pictures have alternative texts, every section can be reached, tags are balanced', () => {
  for (const [tag] of page.matchAll(/<img[^>]*>/g)) expect(tag).toMatch(/ alt="[^"]+"/);
  for (const [, id] of page.matchAll(/href="#([a-z]+)"/g)) expect(page).toContain(`id="${id}"`);
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
    'ol',
    'li',
    'dl',
    'span',
  ])
    expect([tag, page.split(new RegExp(`<${tag}[\\s>]`)).length]).toEqual([
      tag,
      page.split(new RegExp(`</${tag}\\s*>`)).length,
    ]);
});

test('pictures of several panels take the room of several', async () => {
  const sample = sampleReport();
  const shownPictures = [1, 2, 3].map((panels) => ({
    image: encodePng(new Uint8Array(4 * 4 * panels), 4, 4 * panels, 1),
    caption: `${panels} panels`,
  }));
  const shown = await renderReport({
    ...sample,
    rows: [{ ...sample.rows[0]!, figures: [pictures({ pictures: shownPictures, beside: false })] }],
  });
  const figures = [...shown.matchAll(/<figure class="(\w*)">\s*<img src="[^"]*" alt="(\d panels)"/g)];
  expect(figures.map(([, column, alt]) => [alt, column])).toEqual([
    ['1 panels', ''],
    ['2 panels', 'wide'],
    ['3 panels', 'widest'],
  ]);
});

test('an experiment with nothing finished still gives a page', async () => {
  const empty = { experiment: 'x', about: { title: 'Empty' }, seeds: [1], variants: ['base'], datasets: [], rows: [] };
  expect(await renderReport(empty)).toContain('<h1>Empty</h1>');
});

test('accuracies over several layers are a chart, evaluations’ pictures of several variants stand side by side', async () => {
  const sample = sampleReport();
  const image = encodePng(new Uint8Array(4 * 12), 4, 12, 1);
  const rows = sample.rows
    .filter(({ stage }) => stage === 'linear')
    .map((row) => ({
      ...row,
      uses: 'eval/attention-maps',
      metrics: formerMetrics({ 'linear/small/conv1/top1': 40, 'linear/small/conv2/top1': 50 }),
      figures: [
        pictures({ pictures: [{ image, caption: 'cat, test image 7', group: 'attention of conv1' }], beside: true }),
      ],
    }));
  const shown = (await renderReport({ ...sample, rows })).replaceAll(/\s+/g, ' ');
  const layers = shown.slice(shown.indexOf('id="layers"'));
  expect(layers).toContain('<title>rotnet, layer conv2: 50 ± 0.00</title>');
  const samples = shown.slice(shown.indexOf('id="pictures"'));
  const group = samples.slice(samples.indexOf('<h4>attention of conv1</h4>'), samples.indexOf('</section>'));
  expect(group).toContain('<p>cat, test image 7</p>');
  expect([...group.matchAll(/alt="(\w+): cat, test image 7"/g)].map(([, label]) => label)).toEqual([
    'rotnet',
    'random',
  ]);
  expect(await renderReport({ ...sample, rows, variants: ['rotnet'] })).not.toContain('class="beside"');
});

test('kernels that two stages of a run published stand there once', async () => {
  const sample = sampleReport();
  const [row] = sample.rows.filter(({ figures }) => figures.some(({ kind }) => kind === 'filters'));
  const rows = [row!, { ...row!, stage: 'filters', uses: 'eval/filters' }];
  expect((await renderReport({ ...sample, rows })).match(/<figure class="pixels">/g)).toHaveLength(1);
});

test('what must be known of a number stands beside it wherever it is shown, and once in full', async () => {
  const sample = sampleReport();
  const message = '1 of 10 classes, <cat>, was tested on no image: the number says nothing of it.';
  const [measured] = sample.rows.filter(({ uses }) => uses.startsWith('eval/') && uses !== 'eval/features');
  const { stage, variant } = measured!;
  const rows = sample.rows.map((row) =>
    row.stage === stage && row.variant === variant ? { ...row, remarks: [{ kind: 'k', message }] } : row,
  );
  const text = await renderReport({ ...sample, rows });
  const escaped = message.replace('<', '&lt;').replace('>', '&gt;');
  expect(text.split(`<li>⚠ ${escaped}`)).toHaveLength(2);
  expect(page).not.toContain('⚠');
  const marked = text.split(`title="${escaped}"`).length - 1;
  const names = new Set(rows.flatMap((row) => (row.remarks === undefined ? [] : row.metrics.map(metricName))));
  const titles = rows.filter((row) => row.remarks !== undefined)[0]!.metrics.filter(isHeadline);
  const { expected = [], published = [] } = sample.about;
  const others = [...expected, ...published].filter(
    (one) => names.has(one.metric) && (one.variant ?? sample.variants[0]) === variant,
  );
  // In the table of all metrics, in the headlines, and beside what is expected and published.
  expect(marked).toBe(names.size + titles.length + others.length);
});
