// The loader and ingestion beside PyTorch's DataLoader with Pillow, and Pillow in two processes, in alternating rounds.
// SELFSUP_DATA=<folder with imagenet-sample.tar> node --import tsx bench/loader/run.ts [--rounds 5]; exits with 1 when
// a goal is missed.
import { execFileSync } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { pack } from 'tar-stream';
import { openDataset } from '@selfsup/data/dataset';
import { checkDatasetConfig } from '@selfsup/data/dataset-config';
import { ingest } from '@selfsup/data/ingest';
import { archiveMembers } from '@selfsup/data/testing/internals';
import { dataFolder } from '@selfsup/kit/folders';
import { oraclePython } from '../oracle.ts';

const { values: options } = parseArgs({ options: { rounds: { type: 'string', default: '5' } } });
const rounds = Number(options.rounds);
const python = oraclePython();
const data = dataFolder();
if (python === undefined) throw new Error('Run bench/setup-oracles first.');
if (data === undefined) throw new Error('Set SELFSUP_DATA to a folder with imagenet-sample.tar.');
const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));

function measured(command: string, args: readonly string[], settings: object): number {
  const all = [...args, JSON.stringify(settings)];
  const output = execFileSync(command, all, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  return (JSON.parse(output.trim().split('\n').at(-1)!) as { imagesPerSecond: number }).imagesPerSecond;
}
const ours = (settings: object) => measured(process.execPath, ['--import', 'tsx', here('ours.ts')], settings);
const pytorch = (settings: object) => measured(python, [here('pytorch_loader.py')], settings);
const pillow = (settings: object) => measured(python, [here('pillow_ingest.py')], settings);

const silent = { phase: () => ({ advance: () => undefined, done: () => undefined }), note() {}, warn() {} };
const work = await mkdtemp(join(tmpdir(), 'selfsup-bench-loader-'));
try {
  const originals = join(work, 'originals');
  const small = join(work, 'small');
  await mkdir(originals);
  await mkdir(small);
  // Three times over for ingestion, so that not the start of processes is measured, on neither side.
  const copies = 3;
  const many = pack();
  const tripled = join(work, 'tripled.tar');
  const written = pipeline(many, createWriteStream(tripled));
  for await (const file of archiveMembers(join(data, 'imagenet-sample.tar'))) {
    if (file.kind !== 'file') continue;
    const name = file.path.split('/').at(-1)!;
    const content = await file.content();
    await writeFile(join(originals, name), content);
    for (let copy = 0; copy < copies; copy++) many.entry({ name: name.replace('.JPEG', `-${copy}.JPEG`) }, content);
  }
  many.finalize();
  await written;
  const sample = {
    sources: [{ type: 'imagenet-sample', path: join(data, 'imagenet-sample.tar') }],
    store: { encoding: 'jpeg', shorterSide: 256, quality: 95 },
  };
  const common = { progress: silent, signal: new AbortController().signal, datasetFolder: work };
  const jpegs = await ingest({
    ...common,
    name: 'bench',
    config: await checkDatasetConfig(sample),
    workFolder: join(work, 'jpegs'),
  });
  const shapes = { sources: [{ type: 'shapes', size: 32, channels: 3, train: 20000, test: 10 }] };
  const raw = await ingest({
    ...common,
    name: 'bench',
    config: await checkDatasetConfig(shapes),
    workFolder: join(work, 'raw'),
  });
  const stored = openDataset(jpegs.folder);
  for (let i = 0; i < stored.count('train'); i++) {
    const jpeg = stored.withJpeg('train', i, (one) => Buffer.from(one.jpeg));
    await writeFile(join(small, `${String(i).padStart(5, '0')}.jpg`), jpeg);
  }
  await stored.close();
  console.log(`${(await readdir(originals)).length} originals, ${(await readdir(small)).length} of 256 pixels`);

  const view = { what: 'view', lmdb: jpegs.folder, batch: 64, workers: 2, repeat: 4 };
  const crop = { ...view, augment: { randomResizedCrop: { size: 224 }, flip: true } };
  const cifar = { ...view, lmdb: raw.folder, batch: 128, repeat: 3, augment: { padCrop: 4, flip: true } };
  const rows = {
    'ours, 224 crops from stored 256': () => ours(crop),
    'PyTorch, 224 crops from originals': () =>
      pytorch({ what: 'jpeg', folder: originals, batch: 64, workers: 2, repeat: 2 }),
    'PyTorch, 224 crops from 256': () => pytorch({ what: 'jpeg', folder: small, batch: 64, workers: 2, repeat: 3 }),
    'ours, ingestion': () =>
      ours({
        what: 'ingest',
        to: join(work, 'again'),
        config: { ...sample, sources: [{ type: 'imagenet-sample', path: tripled }] },
      }),
    'Pillow, ingestion': () => pillow({ folder: originals, to: join(work, 'pillow.bin'), copies }),
    'ours, 32-pixel pad-crop': () => ours(cifar),
    'PyTorch, 32-pixel pad-crop': () => pytorch({ what: 'cifar', images: 20000, batch: 128, workers: 2 }),
  };
  const rates: Record<string, number[]> = {};
  for (let round = 0; round < rounds; round++) {
    for (const [name, run] of Object.entries(rows)) (rates[name] ??= []).push(run());
  }
  const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
  const range = (values: readonly number[], digits: number) =>
    `${median(values).toFixed(digits)} (${Math.min(...values).toFixed(digits)} to ${Math.max(...values).toFixed(digits)})`;
  for (const [name, values] of Object.entries(rates)) console.log(`${name.padEnd(36)} ${range(values, 0)} images/s`);
  const goals: [string, keyof typeof rows, keyof typeof rows, number][] = [
    [
      '224 crops, over PyTorch from originals',
      'ours, 224 crops from stored 256',
      'PyTorch, 224 crops from originals',
      2,
    ],
    ['224 crops, over PyTorch from 256', 'ours, 224 crops from stored 256', 'PyTorch, 224 crops from 256', 1.3],
    ['ingestion, over Pillow', 'ours, ingestion', 'Pillow, ingestion', 1],
    ['32-pixel pad-crop, over PyTorch', 'ours, 32-pixel pad-crop', 'PyTorch, 32-pixel pad-crop', 3],
  ];
  for (const [name, mine, theirs, goal] of goals) {
    const ratios = rates[mine]!.map((rate, round) => rate / rates[theirs]![round]!);
    const isMet = median(ratios) >= goal;
    console.log(`${name.padEnd(40)} ${range(ratios, 2)} x, goal ${goal}: ${isMet ? 'met' : 'MISSED'}`);
    if (!isMet) process.exitCode = 1;
  }
} finally {
  await rm(work, { recursive: true, force: true });
}
