import { decode } from 'fast-png';
import { expect, test } from 'vitest';
import { encodePng, maskPng } from '../../images/images.ts';
import type { StageRow } from '../../input.ts';
import { renderReport } from '../../page.ts';
import { sampleReport } from '../../testing/sample.ts';
import { classScores, default as scoresKind, type ClassScores } from './class-scores.ts';
import { confusion, default as confusionKind, type Confusion } from './confusion.ts';
import { detections, default as detectionsKind, type Detections } from './detections.ts';
import { masks, default as masksKind, type Masks } from './masks.ts';
import { default as curvesKind, precisionRecall, type PrecisionRecall } from './precision-recall.ts';

const row = (variant: string, seed: number): StageRow => ({
  ...{ variant, seed, stage: 'detection', uses: 'eval/voc-detection' },
  ...{ config: {}, metrics: [], figures: [] },
});
const page = { variants: ['rotnet', 'random'], seeds: [1, 2] };
const image = encodePng(new Uint8Array(12), 2, 2, 3);

const found: Detections = {
  title: 'Boxes with a score of 0.5 and more',
  pictures: [
    {
      ...{ image, width: 260, height: 130, caption: '000012' },
      boxes: [
        { left: 10, top: 20, right: 60, bottom: 50.25, name: 'cat & dog', score: 0.876, verdict: 'true' },
        { left: 0, top: 0, right: 5, bottom: 5, name: 'car', score: 0.5, verdict: 'false' },
        { left: 7, top: 8, right: 9, bottom: 10, name: 'bus', verdict: 'missed' },
      ],
    },
  ],
};

test('boxes lie at their places over the picture, each with its class, score and verdict, and in words too', () => {
  const { text } = detectionsKind.render([{ row: row('rotnet', 1), data: found }]);
  expect(text).toContain('<svg viewBox="0 0 260 130" preserveAspectRatio="none"');
  expect(text).toContain('<rect class="box true" x="10.0" y="20.0" width="50.0" height="30.3"/>');
  expect(text.replaceAll(/\s+/g, ' ')).toContain(
    'font-size="10">cat &amp; dog 0.88</text><title>cat &amp; dog 0.88: found</title>',
  );
  expect(text.replaceAll(/\s+/g, ' ')).toContain('>bus</text><title>bus: missed</title>');
  expect(text).toContain('alt="000012: 1 found, 1 found that are not there, 1 missed"');
  expect(text).not.toContain('cat & dog');
});

test('names of what was found are at the top of a box, others at the bottom, and none leaves the picture', () => {
  const box = { top: 20, bottom: 60, name: 'diningtable' };
  const boxes = [
    { ...box, left: 10, right: 90, score: 0.9, verdict: 'true' as const },
    { ...box, left: 210, right: 270, verdict: 'missed' as const },
  ];
  const data: Detections = { title: '', pictures: [{ image, width: 260, height: 130, caption: '', boxes }] };
  const { text } = detectionsKind.render([{ row: row('rotnet', 1), data }]);
  expect(text).toContain('<text x="12.5" y="30.0" font-size="10">');
  expect(text).toContain('<text x="257.5" text-anchor="end" y="56.7" font-size="10">');
});

test('masks stand beside the picture and the truth, with a legend of the colours', () => {
  const truth = maskPng(Uint8Array.of(0, 1, 255, 1), 2, 2, (label) => [label, 2 * (label % 100), 7]);
  expect([...decode(truth).data]).toEqual([0, 0, 7, 1, 2, 7, 255, 110, 7, 1, 2, 7]);
  const data: Masks = {
    legend: [
      { name: 'road', colour: [128, 64, 128] },
      { name: 'void', colour: [224, 224, 192] },
    ],
    pictures: [{ image, truth, answer: image, caption: '0001TP' }],
  };
  const { text } = masksKind.render([{ row: row('rotnet', 1), data }]);
  expect([...text.matchAll(/alt="([^"]+)"/g)].map(([, alt]) => alt)).toEqual([
    ...['0001TP: picture', '0001TP: truth', '0001TP: answer'],
  ]);
  expect(text).toContain('fill="rgb(128,64,128)"/></svg>road');
});

const curves = (ap: number): PrecisionRecall => ({
  title: 'VOC 2007',
  classes: [
    { name: 'cat', positives: 3, ap, points: [[0.5, 1], [1, 0.75]] }, // prettier-ignore
    { name: 'dog', positives: 0, ap: null, points: [] },
  ],
});

test('each class has a chart of precision over recall, with a line for each variant', () => {
  const shown = [
    { row: row('rotnet', 1), data: curves(87.5) },
    { row: row('rotnet', 2), data: curves(1) },
    { row: row('random', 1), data: curves(12.25) },
  ];
  const { text } = curvesKind.render(shown, page);
  expect(text.match(/<figcaption>cat \(3\)<\/figcaption>/g)).toHaveLength(1);
  expect(text).toContain('rotnet: 87.5');
  expect(text).toContain('random: 12.3');
  expect(text).not.toContain('rotnet: 1.0'); // of the first seed only
});

const scores = (cat: number | null, dog: number | null): ClassScores => ({
  ...{ title: 'VOC 2007, 11 points', measure: 'AP', counted: 'objects' },
  classes: [
    { name: 'cat', score: cat, count: 358 },
    { name: 'dog', score: dog, count: 489 },
    { name: 'bird', score: null, count: 0 },
  ],
});

test('scores by class are means over seeds, and the mean over classes leaves out those without a score', () => {
  const shown = [
    { row: row('rotnet', 1), data: scores(50, 30) },
    { row: row('rotnet', 2), data: scores(60, 20) },
    { row: row('random', 1), data: scores(10, null) },
  ];
  const { text } = scoresKind.render(shown, page);
  const cells = [...text.matchAll(/<tr>\s*<th scope="row">(\w+)<\/th>([^]*?)<\/tr>/g)].map(([, name, rest]) => [
    name,
    ...[...rest!.matchAll(/<td class="number">([^<]*)<\/td>/g)].map(([, value]) => value!.trim()),
  ]);
  expect(cells).toEqual([
    ['cat', '358', '55.0', '10.0'],
    ['dog', '489', '25.0', '–'],
    ['bird', '0', '–', '–'],
    ['mean', '847 in all', '40.0', '10.0'],
  ]);
  expect(text).toContain('mean over seeds 1, 2');
  expect(scoresKind.render(shown.slice(0, 1), page).text).not.toContain('mean over seeds');
  const images = shown.map(({ row, data }) => ({ row, data: { ...data, counted: 'images' } }));
  expect(scoresKind.render(images, page).text).not.toContain('847');
});

test('of pixels taken for other classes shares are shown, of images counts', () => {
  const data: Confusion = { title: 'fcn', classes: ['road', 'sky'], matrix: [[900, 300], [1, 999]] }; // prettier-ignore
  const cells = (one: Confusion) => {
    const { text } = confusionKind.render([{ row: row('rotnet', 1), data: one }], page);
    return [...text.matchAll(/<td\s+class="(?:hit|miss)( zero)?"[^>]*>\s*(\d+)\s*</g)].map(([, zero, value]) => [
      value,
      zero,
    ]);
  };
  const plain = [['900'], ['300'], ['1'], ['999']].map(([value]) => [value, undefined]);
  expect(cells(data)).toEqual(plain);
  expect(cells({ ...data, counted: 'pixels' })).toEqual([
    ['75', undefined],
    ['25', undefined],
    ['0', ' zero'],
    ['100', undefined],
  ]);
});

test('the report of an experiment has each in a section of its own', async () => {
  const sample = sampleReport();
  const mask = { image, truth: image, answer: image, caption: 'A' };
  const figures = [
    detections(found),
    masks({ legend: [], pictures: [mask] }),
    precisionRecall(curves(50)),
    classScores(scores(50, 30)),
    confusion({ classes: ['a'], matrix: [[1]], counted: 'pixels' }),
  ];
  const text = await renderReport({ ...sample, rows: [{ ...sample.rows[0]!, figures }] });
  for (const [kind, title] of [
    ['detections', 'Objects found'],
    ['masks', 'Segmented pictures'],
    ['class-scores', 'By class'],
    ['precision-recall', 'Precision over recall'],
  ])
    expect(text).toContain(`<a href="#${kind}">${title}</a>`);
});
