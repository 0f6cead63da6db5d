import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { openDataset, type Dataset } from '../../dataset.ts';
import { ingestSection, userError, workplace } from '../../testing/workplace.ts';

const folder = await workplace();
const shapes = { type: 'shapes', size: 8, channels: 1, train: 45, test: 20, seed: 2 };
const heldOut = { type: 'held-out', from: { dataset: 'shapes' }, perClass: 2 };

/** Declares a dataset beside the others, as in pipelines/datasets. */
async function declare(name: string, section: object): Promise<void> {
  await mkdir(join(folder, name), { recursive: true });
  await writeFile(join(folder, name, 'dataset.json'), JSON.stringify({ sources: [section] }));
}

/** Ingests a section as the dataset of that name. */
async function ingest(name: string, section: Readonly<Record<string, unknown>>) {
  await declare(name, section);
  return ingestSection(join(folder, name), 'ingested', section);
}

let whole: Dataset;
let divided: Dataset;
beforeAll(async () => {
  whole = openDataset((await ingest('shapes', shapes)).folder);
  const { folder: lmdb, manifest } = await ingest('shapes-validation', heldOut);
  divided = openDataset(lmdb);
  expect(manifest.source.chosen).toMatch(/its training images without the last 2 of each class, and these to test on$/);
  await declare('pictures', { type: 'single-image', count: 3, size: 8, test: 1 });
  await declare('lost', { type: 'cifar10', download: false });
  return async () => {
    await divided.close();
    await whole.close();
  };
});

test('the last of each class are held out, in order, and no test image of the other dataset is there', () => {
  const labels = [...whole.labels('train')];
  // Fewer than two of the same class come after them.
  const held = labels.flatMap((label, i) => (labels.slice(i + 1).filter((one) => one === label).length < 2 ? [i] : []));
  const kept = labels.flatMap((_, i) => (held.includes(i) ? [] : [i]));
  expect([held.length, kept.length]).toEqual([20, 25]);
  expect(divided.manifest.classes).toEqual(whole.manifest.classes);
  for (const [split, chosen] of [
    ['train', kept],
    ['test', held],
  ] as const) {
    // prettier-ignore
    expect([...divided.labels(split)]).toEqual(chosen.map((i) => labels[i]));
    chosen.forEach((i, place) => expect(divided.image(split, place)).toEqual(whole.image('train', i)));
  }
  expect(Object.keys(divided.manifest.splits).sort()).toEqual(['test', 'train']);
});

test('another number held out, or another dataset below, is another dataset', async () => {
  const digest = async (name: string, section: typeof heldOut) => (await ingest(name, section)).manifest.digest;
  const { digest: ours } = divided.manifest;
  expect(await digest('again', heldOut)).toBe(ours);
  expect(await digest('fewer', { ...heldOut, perClass: 1 })).not.toBe(ours);
});

test.each([
  [{ perClass: 4 }, /shapes has 4 training images of .*: 4 of each class cannot be held out[^]*field: *perClass/],
  [{ from: { dataset: 'pictures' } }, /pictures has no classes: 2 of each class cannot be held out/],
  [{ from: { dataset: 'nothing' } }, /There is no such dataset[^]*nothing/],
  [{ from: { dataset: 'lost' } }, /held-out: the dataset lost cannot be had:/],
])('refuses %j', async (change, message) => {
  expect(await userError(ingest('refused', { ...heldOut, ...change }))).toMatch(message);
});
