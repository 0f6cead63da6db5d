import { formerMetrics } from '@selfsup/kit/metric';
import type { ComparedRow, ComparisonInput } from '../comparison-input.ts';
import { filters } from '../figures/kinds/filters.ts';
import { encodePng } from '../images/png.ts';
import type { DatasetFacts, PublishedNumber } from '../input.ts';
import type { PublishedTable } from '../published/schema.ts';

const layers = ['conv1', 'conv2', 'conv3', 'conv4', 'conv5'];
const sources = ['full', 'mono A', 'mono B', 'deka', 'kilo'];
const references = ['Labels', 'Random weights', 'Scattering'];
const methods = ['BiGAN', 'RotNet', 'DeepCluster'];
const ablations = ['no crops', 'no turns', 'no colours', 'no noise'];

/** A published table of four rows, one of which has no number at conv5; made up. */
const studyTable: PublishedTable = {
  title: 'Linear probes',
  source: 'Somebody 2020, Table 1',
  provenance: 'source-document',
  measure: 'accuracy',
  unit: '%',
  dataset: 'imagenet',
  protocol: { kind: 'linear', summary: 'ten crops' },
  columns: ['conv1', 'conv5'],
  rows: [
    { id: 'a', method: 'Supervised', images: 1281167, values: [19.3, 50.5] },
    { id: 'b', method: 'Scattering', images: 0, values: [18.9, null] },
    { id: 'c', method: 'RotNet, mono', images: 1, values: [19.9, 21.9], note: 'of image A' },
    { id: 'd', method: 'Jigsaw', images: 1, values: [15.5, 20.5] },
  ],
};

interface Entry {
  readonly label: string;
  readonly group?: string;
  readonly reference?: boolean;
  readonly pretrainedOn: readonly string[];
}

const entries: readonly Entry[] = [
  ...references.map((label) => ({
    label,
    group: 'Baselines',
    reference: true,
    pretrainedOn: label === 'Labels' ? ['full'] : [],
  })),
  ...methods.flatMap((group) =>
    sources.map((source) => ({ label: `${group}, ${source}`, group, pretrainedOn: [source.replace(' ', '-')] })),
  ),
  ...ablations.map((name) => ({ label: name, group: 'Generator ablations', pretrainedOn: [name.replace(' ', '-')] })),
];

/** A study of many entries in groups, learned from many datasets, beside a published table; every number is made up. */
export function sampleStudy(): ComparisonInput {
  const variants = entries.map(({ label }) => label);
  const datasets = [...new Set(entries.flatMap(({ pretrainedOn }) => pretrainedOn))].map(dataset);
  return {
    comparison: 'study',
    about: { title: 'What one image teaches' },
    variants,
    seeds: [1],
    entries: entries.map((entry, i) => ({
      ...entry,
      experiment: `study-${i}`,
      variant: 'base',
      title: 'A study',
    })),
    rows: variants.flatMap(rowsOf),
    datasets,
    published: [
      ...beside('a', 'Labels'),
      ...beside('b', 'Scattering').slice(0, 1),
      ...beside('c', 'RotNet, mono A'),
      ...beside('c', 'RotNet, mono B').slice(0, 1),
    ],
    wholeTables: [{ name: 'study-table', table: studyTable }],
  };
}

function beside(id: string, variant: string): PublishedNumber[] {
  const row = studyTable.rows.find((one) => one.id === id)!;
  return studyTable.columns.flatMap((column, i) => {
    const value = row.values[i];
    if (typeof value !== 'number') return [];
    const metric = `linear/asano/${column}/top1`;
    const facts = { source: studyTable.source, protocol: 'linear: ten crops', comparable: false, unit: '%' };
    const place = { table: `study-table/${column}`, row: id, method: row.method };
    return [{ metric, variant, value, ...facts, ...place, remark: 'CIFAR-10 here' }];
  });
}

function rowsOf(variant: string, entry: number): ComparedRow[] {
  const common = { variant, seed: 1, config: {}, run: { wallSeconds: 60 } };
  const key = `${entry}`.padStart(64, 'a');
  const accuracy = (layer: number): number => 30 + ((7 * entry + 3 * layer) % 20) - layer;
  const linear = layers.flatMap((layer, l) => [
    [`linear/asano/${layer}/top1`, accuracy(l)],
    [`linear/asano/${layer}/top5`, accuracy(l) + 30],
  ]);
  const knn = layers.flatMap((layer, l) =>
    [1, 20].map((k) => [`knn/cosine-k${k}/${layer}/top1`, accuracy(l) - k / 10]),
  );
  const names = ['nmi', 'ami', 'purity', 'hungarian'];
  const clusters = layers.flatMap((layer, l) =>
    names.map((name, n) => [`clusters/kmeans-k10/${layer}/${name}`, (accuracy(l) - n) / 100]),
  );
  return [
    {
      ...common,
      ...{ stage: 'pretrain', uses: 'tasks/rotnet', metrics: [], settings: {}, reproducibility: { key } },
      figures: [kernels(entry)],
    },
    {
      ...common,
      ...{ stage: 'evaluate', uses: 'eval/all', settings: { uses: 'eval/all' }, reproducibility: { key } },
      metrics: formerMetrics(Object.fromEntries([...linear, ...knn, ...clusters]) as Record<string, number>),
      figures: [],
    },
  ];
}

function dataset(name: string, place: number): DatasetFacts {
  const sheet = encodePng(
    Uint8Array.from({ length: 60 * 30 }, (_, i) => (i * (place + 3)) % 256),
    30,
    60,
    1,
  );
  return {
    name,
    chosen: `50000 images made of ${name}`,
    fallback: false,
    image: { encoding: 'raw', height: 32, width: 32, channels: 3 },
    sheet,
    classes: [],
    splits: { train: { count: 50_000 } },
    digest: 'd'.repeat(64),
  };
}

function kernels(entry: number) {
  const pixels = Buffer.from(Uint8Array.from({ length: 32 * 75 }, (_, i) => (i * (2 * entry + 1)) % 256));
  return filters({ layer: 'conv1', shape: [32, 5, 5, 3], pixels: pixels.toString('base64') });
}
