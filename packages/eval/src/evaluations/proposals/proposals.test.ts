import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { checkDatasetConfig } from '@selfsup/data/dataset-config';
import { ingest } from '@selfsup/data/ingest';
import { openProposals } from '@selfsup/data/proposals';
import { publishedBoxes, vocFiles, type SmallImage } from '@selfsup/data/testing/annotated';
import { writeTree } from '@selfsup/data/testing/archives';
import { sha256 } from '@selfsup/kit/files';
import { metricValues } from '@selfsup/kit/metric';
import { dryRun, type StageInput } from '@selfsup/kit/stage';
import { temporaryFolder } from '@selfsup/kit/testing/temporary-folder';
import { bestOverlaps } from '../../detection/recall.ts';
import { never, silent } from '../../testing/in-memory.ts';
import { contextOf, run, workFolderOf } from '../../testing/stages.ts';
import stage from './proposals.ts';

const folder = temporaryFolder('voc');
let dataset: StageInput;
let digest: string;

beforeAll(async () => {
  const images: SmallImage[] = [
    // 1-based inclusive corners: of 40 × 30 pixels, and one that does not count.
    {
      name: '000004',
      split: 'train',
      side: 80,
      objects: [
        ['cat', 1, 10, 40, 39],
        ['cat', 70, 70, 80, 80, 1],
      ],
    },
    { name: '001551', split: 'train', side: 60, objects: [['cat', 41, 41, 60, 60]] },
    { name: '3', split: 'bare', side: 50, objects: [] },
  ];
  await writeTree(join(folder, 'tree'), vocFiles(images));
  const section = { type: 'voc', path: 'tree', task: 'detection', splits: ['train', 'bare'] };
  const config = await checkDatasetConfig({ sources: [section], store: { encoding: 'jpeg' } });
  const common = { progress: silent, signal: never, datasetFolder: folder };
  const { folder: lmdb, manifest } = await ingest({ name: 'voc', config, workFolder: folder, ...common });
  digest = manifest.digest;
  dataset = { ref: 'data/voc', folder, metrics: [], blob: () => lmdb };
});

test('overlap is intersection over union, the best of all boxes', () => {
  const objects = Float32Array.of(0, 0, 10, 10, 20, 20, 30, 40);
  const boxes = Float32Array.of(5, 0, 15, 10, 0, 0, 10, 5, 20, 20, 30, 40);
  expect([...bestOverlaps(objects, boxes)]).toEqual([0.5, 1]);
  expect([...bestOverlaps(objects, Float32Array.of(10, 0, 20, 10))]).toEqual([0, 0]);
  expect([...bestOverlaps(objects, new Float32Array())]).toEqual([0, 0]);
});

test('selective search gives boxes for each image, and says how well they cover the objects that count', async () => {
  const from = { method: 'selective-search', width: 80, k: [20], leastSide: 5 };
  const { metrics, blobs } = await run(stage, 'searched', { from }, { dataset });
  const values = metricValues(metrics);
  expect(Object.keys(values)).toEqual([
    ...['boxes-bare', 'recall50-train', 'recall70-train', 'overlap-train', 'boxes-train'].map(
      (measure) => `proposals/selective-search/${measure}`,
    ),
  ]);
  const proposals = openProposals(blobs!['proposals']!, digest);
  const counts = [0, 1].map((i) => proposals.boxes('train', i).length / 4);
  expect(values['proposals/selective-search/boxes-train']).toBeCloseTo((counts[0]! + counts[1]!) / 2, 1);
  proposals.close();
  const refused = run(stage, 'unknown', { splits: ['val'] }, { dataset });
  await expect(refused).rejects.toThrow(/no split "val"/);
});

test('a dry run takes a few images, and its proposals say so', async () => {
  const from = { method: 'selective-search', width: 80, k: [20] };
  const extent = { ...dryRun, images: 1 };
  const { blobs } = await stage.run(contextOf(stage, 'dry', { from, splits: ['train'] }, { dataset }, { extent }));
  const proposals = openProposals(blobs!['proposals']!, digest);
  expect(proposals.count('train')).toBe(1);
  proposals.close();
});

test('published files are read by names, and held against their checksum', async () => {
  const file = join(folder, 'boxes.mat');
  copyFileSync(publishedBoxes, file);
  const sum = sha256(readFileSync(file));
  const config = { splits: ['train'], from: { method: 'published', files: [{ path: file, sha256: sum }] } };
  mkdirSync(workFolderOf('published'), { recursive: true });
  const { metrics, blobs } = await run(stage, 'published', config, { dataset });
  const proposals = openProposals(blobs!['proposals']!, digest);
  // 0, 9 to 40, 30 in an object of 0, 9 to 40, 39: 840 of 1,200 pixels.
  expect(proposals.boxes('train', 0)).toEqual(Float32Array.of(0, 9, 40, 30, 4, 1, 5, 2));
  proposals.close();
  // The other object: 20 × 20 in a box of 498 × 375.
  const values = metricValues(metrics);
  expect(values['proposals/published/recall50-train']).toBe(50);
  expect(values['proposals/published/recall70-train']).toBe(50);
  expect(values['proposals/published/overlap-train']).toBeCloseTo((0.7 + 400 / (498 * 375)) / 2, 6);
  expect(values['proposals/published/boxes-train']).toBe(1.5);

  const files = (change: object) => ({
    from: { method: 'published', files: [{ ...config.from.files[0], ...change }] },
  });
  const refused = (config: object) => run(stage, 'refused', config, { dataset });
  await expect(refused(files({ sha256: '0'.repeat(64) }))).rejects.toMatchObject({
    remedy: expect.stringContaining(sum) as string,
  });
  await expect(refused(files({ path: `${file}.gone` }))).rejects.toThrow(/no such file/);
  await expect(refused(files({}))).rejects.toThrow(/no boxes for 1 of 1 images of bare, such as 3/);
});
