import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openDataset } from '@selfsup/data/dataset';
import { checkDatasetConfig } from '@selfsup/data/dataset-config';
import { ingest } from '@selfsup/data/ingest';
import { vocFiles, type SmallImage } from '@selfsup/data/testing/annotated';
import { writeTree } from '@selfsup/data/testing/archives';
import { randomKey } from '@selfsup/kit/random';
import { wholeWork, type StageContext, type StageInput, type StageModule, type StageResult } from '@selfsup/kit/stage';
import { temporaryFolder } from '@selfsup/kit/testing/temporary-folder';
import { saveEncoder } from '@selfsup/models/encoder';
import { configureNetwork } from '@selfsup/models/network';
import { never, silent } from './in-memory.ts';

const root = temporaryFolder('stages');

function published(folder: string, blobs: Readonly<Record<string, string>>): StageInput {
  const blob = (name: string): string => {
    if (blobs[name] === undefined) throw new Error(`no blob ${name}`);
    return blobs[name];
  };
  return { ref: 'stage', folder, metrics: [], blob };
}

/** The work folder of a stage of this name. */
export const workFolderOf = (name: string): string => join(root, name);

/** The published form of what a stage gave, its files in its work folder. */
export function asInput(name: string, result: StageResult): StageInput {
  return published(workFolderOf(name), result.blobs ?? {});
}

/** The dataset `shapes` of this image size: 200 images to train on, 60 to test on. */
export async function shapes(size: number): Promise<StageInput> {
  const workFolder = workFolderOf(`shapes-${size}`);
  mkdirSync(workFolder);
  const config = await checkDatasetConfig({ sources: [{ type: 'shapes', size, train: 200, test: 60 }] });
  const common = { progress: silent, signal: never, datasetFolder: root };
  return published(root, { lmdb: (await ingest({ name: 'shapes', config, workFolder, ...common })).folder });
}

/** Images with a box each in VOC's layout, all of them difficult. */
export async function difficultBoxes(): Promise<StageInput> {
  const workFolder = workFolderOf('difficult');
  const images = ['train', 'test'].map((split): SmallImage => {
    return { name: split, split, side: 40, objects: [['cat', 1, 10, 30, 39, 1]] };
  });
  await writeTree(join(workFolder, 'tree'), vocFiles(images));
  const source = { type: 'voc', path: 'tree', task: 'detection', splits: ['train', 'test'] };
  const config = await checkDatasetConfig({ sources: [source], store: { encoding: 'jpeg' } });
  const common = { progress: silent, signal: never, datasetFolder: workFolder };
  return published(root, { lmdb: (await ingest({ name: 'difficult', config, workFolder, ...common })).folder });
}

/** The dataset `scenes`: images of 24 to 36 pixels with boxes, and masks for segmentation. */
export async function scenes(task: 'detection' | 'segmentation', count = { train: 60, test: 16 }): Promise<StageInput> {
  const name = `scenes-${task}-${count.train}-${count.test}`;
  const workFolder = workFolderOf(name);
  mkdirSync(workFolder);
  const source = { type: 'scenes', task, sides: [24, 36], figures: [1, 2], ...count };
  const config = await checkDatasetConfig({ sources: [source], store: { encoding: 'jpeg' } });
  const common = { progress: silent, signal: never, datasetFolder: root };
  return published(root, { lmdb: (await ingest({ name: 'scenes', config, workFolder, ...common })).folder });
}

/** Digest of a dataset's content. */
export async function digestOf(dataset: StageInput): Promise<string> {
  const opened = openDataset(dataset.blob('lmdb'));
  const { digest } = opened.manifest;
  await opened.close();
  return digest;
}

/** An encoder with random weights, by default of few for images of 16 × 16. */
export async function randomEncoder(
  network: Readonly<Record<string, number | string>> & { readonly name: string } = {
    name: 'nin',
    blocks: 3,
    width: 12,
  },
  side = 16,
): Promise<StageInput> {
  const built = await configureNetwork(network);
  const model = built.build({ height: side, width: side, channels: 3 }, randomKey(1));
  const { name, ...config } = network;
  const normalisation = { mean: [120, 120, 120], std: [60, 60, 60] };
  const facts = { task: 'random', step: 0, epoch: 0, seed: 1, batchNormStatistics: 'joint' } as const;
  const checkpoint = workFolderOf(`checkpoint-${name}-${side}`);
  await saveEncoder(checkpoint, { encoder: model }, { ...facts, network: { name, config }, normalisation });
  return published(root, { checkpoint });
}

/** What a stage named `name` is run with. */
export function contextOf<C>(
  module: StageModule<C>,
  name: string,
  config: object,
  needs: Record<string, StageInput>,
  changes: Partial<StageContext<C>> = {},
): StageContext<C> {
  const common = { seed: 1, progress: silent, signal: never, extent: wholeWork };
  return { config: module.schema.parse(config), needs, workFolder: workFolderOf(name), ...common, ...changes };
}

/** Runs a stage named `name`. */
export async function run<C>(module: StageModule<C>, ...rest: Rest<C>): Promise<StageResult> {
  const result = await module.run(contextOf(module, ...rest));
  results.set(rest[0], result);
  return result;
}

const results = new Map<string, StageResult>();

/** What the stage run last under this name gave. */
export function resultOf(name: string): StageResult {
  return results.get(name)!;
}

type Rest<C> =
  Parameters<typeof contextOf<C>> extends [StageModule<C>, ...infer Others extends unknown[]] ? Others : never;
