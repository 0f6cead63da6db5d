import { expect, test } from 'vitest';
import { scatterSvg } from '../../charts/scatter-svg.ts';
import { encodePng } from '../../images/png.ts';
import type { StageRow } from '../../input.ts';
import { renderReport } from '../../page.ts';
import { sampleReport } from '../../testing/sample.ts';
import scatterKind, { scatter, type Scatter } from './scatter.ts';

const map: Scatter = {
  title: 'conv2, PCA',
  xLabel: 'component 1, <b>',
  yLabel: 'component 2',
  classes: [
    { name: 'cat & dog', count: 2 },
    { name: 'a very long name of a class', count: 1 },
  ],
  x: [0, 1, 0.5, 0.5],
  y: [0, 1, 1, 0],
  label: [0, 0, 1, -1],
};

test('every point is drawn once, upwards being up, with its class and the number of its points in the legend', () => {
  const svg = scatterSvg(map);
  const places = [...svg.matchAll(/<path class="(q [a-z0-9]+)" d="([^"]+)"><title>([^<]+)<\/title>/g)].flatMap(
    ([, style, path, title]) =>
      path!
        .split('M')
        .slice(1)
        .map((at) => `${style} ${at} ${title}`),
  );
  expect(places.sort()).toEqual([
    'q other 230.0 394.0h0 other classes',
    'q q0 36.0 394.0h0 cat &amp; dog',
    'q q0 424.0 6.0h0 cat &amp; dog',
    'q q1 230.0 6.0h0 a very long name of a class',
  ]);
  expect(svg).toContain('>cat &amp; dog (2)</text>');
  expect(svg).toContain('>a very long na… (1)</text>');
  expect(svg).toContain('>other classes (1)</text>');
  expect(svg).toContain('component 1, &lt;b&gt;');
  expect(svg).toContain('prefers-color-scheme:dark');
});

test('classes beyond the colours have another mark', () => {
  const classes = Array.from({ length: 12 }, (_, i) => ({ name: `class ${i}`, count: 1 }));
  const svg = scatterSvg({ ...map, classes, label: [0, 9, 10, 11] });
  expect(svg).toContain('<path class="q q0" d="M230.0 6.0m-2 -2l4 4m0 -4l-4 4"><title>class 10</title>');
});

test('maps of one title stand side by side, of the first seed of each variant', () => {
  const image = encodePng(new Uint8Array(4), 2, 2, 1);
  const row = (variant: string, seed: number): StageRow => ({
    variant,
    seed,
    stage: 'map',
    uses: 'eval/feature-map',
    config: {},
    metrics: [],
    figures: [],
  });
  const rows = [row('rotnet', 1), row('rotnet', 2), row('supervised', 1)];
  const shown = rows.map((one) => ({ row: one, data: { ...map, picture: { image, alt: 'images' } } }));
  const page = { variants: ['rotnet', 'supervised'], seeds: [1, 2] };
  const { text } = scatterKind.render(shown, page);
  expect(text.match(/<h3>conv2, PCA<\/h3>/g)).toHaveLength(1);
  expect([...text.matchAll(/<figcaption>(\w+)<\/figcaption>/g)].map(([, name]) => name)).toEqual([
    'rotnet',
    'supervised',
  ]);
  expect(text).toContain('alt="supervised: images"');
  expect(scatterKind.render([], page).text).toBe('');
});

test('the report of an experiment has them in a section of their own, every text escaped', async () => {
  const sample = sampleReport();
  const hostile = '</style><script>alert(1)</script>';
  const classes = [{ name: hostile, count: 2 }, map.classes[1]!];
  const figures = [scatter({ ...map, title: hostile, yLabel: hostile, classes })];
  const page = await renderReport({ ...sample, rows: [{ ...sample.rows[0]!, figures }] });
  expect(page).toContain('<a href="#scatter">Maps of the features</a>');
  expect(page).toContain('<svg xmlns="http://www.w3.org/2000/svg" class="scatter"');
  expect(page).not.toContain('<script');
  expect(await renderReport(sample)).not.toContain('id="scatter"');
});
