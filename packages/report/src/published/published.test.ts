import { expect, test } from 'vitest';
import { publishedCell, publishedTable, publishedTables } from './find.ts';

/** Rows of each table, counted by hand where it was read. */
const rows = {
  'aet-cifar10': 12,
  'aet-imagenet': 11,
  'ali-cifar10': 1,
  'bigan-imagenet': 3,
  'bigan-mnist': 1,
  'deepcluster-linear': 11,
  'kymatio-cifar10': 3,
  'mmselfsup-r50-linear': 2,
  'mmselfsup-r50-voc-svm': 2,
  'rotnet-cifar10': 2,
  'rotnet-imagenet-rerun': 1,
  'rotnet-rotations': 4,
  'single-image-linear': 20,
  'vissl-alexnet': 6,
  'voc-classification': 5,
  'voc-detection': 4,
  'voc-segmentation': 2,
};

test('every table is sound, and those of the source document have all their rows', async () => {
  const counts: Record<string, number> = {};
  for (const name of publishedTables()) counts[name] = (await publishedTable(name)).rows.length;
  expect(counts).toMatchObject(rows);
  expect(Math.min(...Object.values(counts))).toBeGreaterThan(0);
});

// Typed by hand from the source document.
test.each([
  ['aet-cifar10', 'rotnet-fc', [10.94]],
  ['aet-cifar10', 'aet-project-conv', [7.82]],
  ['aet-cifar10', 'random-init-conv', [27.5]],
  ['aet-imagenet', 'deepcluster', [null, 44.0]],
  ['aet-imagenet', 'bigan', [41.9, 32.2]],
  ['aet-imagenet', 'aet-project', [53.2, 47.0]],
  ['deepcluster-linear', 'places-labels', [null, null, null, null, null, 22.1, 35.1, 40.2, 43.3, 44.6]],
  ['deepcluster-linear', 'noroozi-jigsaw', [18.2, 28.8, 34.0, 33.9, 27.1, 23.0, 32.1, 35.5, 34.8, 31.3]],
  ['deepcluster-linear', 'deepcluster', [12.9, 29.2, 38.2, 39.8, 36.1, 18.6, 30.8, 37.0, 37.5, 33.1]],
  ['single-image-linear', 'b', [null, 18.9, null, null, null]],
  ['single-image-linear', 'h', [16.2, 16.5, 16.5, 13.1, 7.5]],
  ['single-image-linear', 'n', [21.0, 33.5, 36.5, 34.0, 29.4]],
  ['single-image-linear', 't', [19.5, 29.8, 33.0, 31.7, 26.8]],
  ['rotnet-cifar10', 'four-blocks', [85.07, 89.06, 86.21, 61.73]],
  ['voc-classification', 'rotnet', [70.87, 72.97]],
  ['voc-detection', 'rotnet', [54.4]],
  ['voc-segmentation', 'rotnet', [39.1]],
  ['bigan-mnist', 'bigan', [96.84, 92.56, 96.28, 97.14, 97.35]],
])('%s, row %s', async (table, row, values) => {
  expect((await publishedTable(table)).rows.find(({ id }) => id === row)?.values).toEqual(values);
});

test('tables that share a method but not a protocol say so', async () => {
  const retrained = await publishedCell('aet-imagenet/bigan/conv4');
  const probed = await publishedCell('deepcluster-linear/donahue-bigan/imagenet-conv4');
  const again = await publishedCell('single-image-linear/e/conv4');
  expect([retrained.kind, retrained.value]).toEqual(['non-linear', 41.9]);
  expect([probed.kind, probed.value]).toEqual(['linear', 29.9]);
  expect([again.kind, again.value]).toEqual(['linear', 29.9]);
  expect((await publishedTable('single-image-linear')).rows.find(({ id }) => id === 'd')?.images).toBe(160);
  expect((await publishedCell('aet-cifar10/rotnet-conv/error')).measure).toBe('error');
});

test('what does not exist is refused by name', async () => {
  await expect(publishedCell('nothing/a/b')).rejects.toMatchObject({
    message: "There is no published table 'nothing'",
    remedy: expect.stringContaining('aet-cifar10') as string,
  });
  await expect(publishedCell('aet-imagenet/simclr/conv4')).rejects.toThrow(/no row 'simclr'/);
  await expect(publishedCell('aet-imagenet/nat/conv1')).rejects.toThrow(/no column 'conv1'/);
  await expect(publishedCell('aet-imagenet/nat/conv4')).rejects.toThrow(/gives no conv4/);
  await expect(publishedCell('aet-imagenet')).rejects.toThrow(/names no published number/);
});
