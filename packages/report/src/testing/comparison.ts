import { formerMetrics } from '@selfsup/kit/metric';
import type { ComparedRow, ComparisonInput } from '../comparison-input.ts';
import { pictures } from '../figures/kinds/pictures.ts';
import { encodePng } from '../images/png.ts';
import { sampleReport } from './sample.ts';

const layers = ['conv1', 'conv2', 'conv10'];
/** Accuracy by entry, seed and layer; made up. */
const linear: Readonly<Record<string, readonly (readonly number[])[]>> = {
  Labels: [
    [41, 60, 71],
    [43, 62, 73],
  ],
  RotNet: [
    [42, 57, 50],
    [42, 55, 54],
  ],
  Random: [[40, 48, 39]],
};

/** A comparison with something in every place. */
export function sampleComparison(): ComparisonInput {
  const { datasets, rows } = sampleReport();
  const { figures } = rows.find(({ stage }) => stage === 'linear')!;
  return {
    comparison: 'sample',
    about: {
      title: 'Labels, RotNet, random weights',
      summary: 'What does rotation teach?',
      command: 'selfsup compare sample',
    },
    variants: Object.keys(linear),
    seeds: [1, 2],
    entries: Object.keys(linear).map((label) => ({
      ...{ label, experiment: `${label.toLowerCase()}-small`, variant: label === 'Random' ? 'random' : 'base' },
      title: `${label}, small`,
    })),
    rows: Object.entries(linear).flatMap(([label, seeds], entry) =>
      seeds.flatMap((values, i): ComparedRow[] => [
        {
          ...common(label, entry, i + 1, 'pretrain', 'tasks/rotnet', 600),
          metrics: formerMetrics({ 'pretext/rotation-accuracy': 70 + entry }),
          figures: [],
          config: { network: { name: 'nin', blocks: 3, width: 64 } },
          settings: {},
        },
        {
          ...common(label, entry, i + 1, 'linear', 'eval/layer-probes', 30 + 2 * i),
          metrics: formerMetrics(
            Object.fromEntries(
              layers.flatMap((layer, l) => [
                [`linear/zhang/${layer}/top1`, values[l]!],
                [`linear/zhang/${layer}/top5`, values[l]! + 20],
              ]),
            ),
          ),
          settings: { uses: 'eval/layer-probes', epochs: label === 'Random' ? '2' : '8', dataset: 'cifar10 aabbccdd' },
          figures: figures.filter(({ kind }) => kind === 'confusion'),
        },
        {
          ...common(label, entry, i + 1, 'retrieval', 'eval/retrieval', 5),
          metrics: formerMetrics({
            'retrieval/cosine/conv2/map': 0.4 - entry / 10,
            'conv/yardstick/conv2/top1': 70 - 10 * entry,
          }),
          settings: { uses: 'eval/retrieval', metric: 'cosine' },
          figures: [pictures({ pictures: [0, 1].map((image) => picture(image, entry)), beside: true })],
        },
      ]),
    ),
    datasets: datasets.map((dataset) => ({ ...dataset, fallback: false })),
    published: [
      ...layers.map((layer, i) => ({
        ...{ metric: `linear/zhang/${layer}/top1`, value: [18.8, 31.7, 36.5][i]!, unit: '%', variant: 'RotNet' },
        ...{
          source: 'Table 5',
          protocol: 'linear: one layer',
          method: 'RotNet [10]',
          table: `t/${layer}`,
          comparable: true,
        },
      })),
      ...[
        ['RotNet', 91.16],
        ['Random', 95.5],
      ].map(([variant, value]) => ({
        ...{ metric: 'conv/yardstick/conv2/top1', variant: String(variant), value: Number(value), unit: '%' },
        ...{ source: 'Table 4', protocol: 'mixed: 50,000 images', comparable: false, table: 't4/error' },
        ...{ method: `${String(variant)} + conv`, note: '10,000 images here' },
      })),
    ],
    warnings: ['Of Random these have not been run: linear of seed 2.'],
    generated: '2026-03-01',
  };
}

function common(variant: string, entry: number, seed: number, stage: string, uses: string, wallSeconds: number) {
  const key = `${stage.length}${entry}${seed}`.padEnd(64, 'e');
  return { variant, seed, stage, uses, config: {}, run: { wallSeconds }, reproducibility: { key } };
}

/** One grey shade for each image and entry. */
function picture(image: number, entry: number) {
  const bytes = encodePng(new Uint8Array(64).fill(80 * image + 30 * entry), 8, 8, 1);
  return { image: bytes, caption: `Test image ${image}`, alt: `neighbours of ${image}`, group: 'Nearest neighbours' };
}
