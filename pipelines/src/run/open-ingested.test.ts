import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { userError, workplace } from '@selfsup/data/testing/workplace';
import { datasetStage } from '../declare/dataset-stage.ts';
import type { Stage } from '../declare/stage.ts';
import { readManifest } from '../store/manifest.ts';
import { blobPath } from '../store/store.ts';
import { publishVoc, sessionIn } from '../testing/published-voc.ts';
import { requireNamedImages } from './named-images.ts';
import { openIngested } from './open-ingested.ts';
import { lookAtTested } from './tested-photographs.ts';

const session = sessionIn(await workplace());
const published = datasetStage(session, 'cats');
const before = new Map<string, Buffer>();

beforeAll(() => publishVoc(session, 'cats', '2007', { train: { '000001': 1 }, test: { '000002': 2 } }));
afterEach(() => {
  for (const [path, bytes] of before) writeFileSync(path, bytes);
  before.clear();
});

/** Turns a bit of the byte in the middle of what `of` finds in a file, or of the whole file. */
function flip(path: string, of?: Buffer): void {
  const bytes = readFileSync(path);
  before.set(path, Buffer.from(bytes));
  const at = of === undefined ? bytes.length >> 1 : bytes.indexOf(of) + (of.length >> 1);
  bytes[at]! ^= 1;
  chmodSync(path, 0o644);
  writeFileSync(path, bytes);
}

const blob = (): string => blobPath(published.store, readManifest(published.folder)!.blobs['lmdb']!.sha256);

test('a dataset of which a byte was altered is not opened, and named', async () => {
  const whole = await openIngested(session, 'cats');
  const picture = whole.withJpeg('train', 0, ({ jpeg }) => Buffer.from(jpeg));
  await whole.close();
  flip(join(blob(), 'data.mdb'), picture);
  const said = await userError(openIngested(session, 'cats'));
  expect(said).toContain("The records of the dataset 'cats' were altered since they were published");
  expect(said).toContain(blob());
  expect(said).toContain('npx selfsup ingest cats');
  const damaged = await openIngested(session, 'cats', true);
  expect(damaged.count('train')).toBe(1);
  await damaged.close();
});

test('nor one with an altered manifest beside the records', async () => {
  flip(join(blob(), 'dataset-manifest.json'));
  await expect(openIngested(session, 'cats')).rejects.toThrow(/were altered/);
});

test.each(['dataset.json', 'manifest.json'])('nor one whose published %s was altered', async (name) => {
  flip(join(published.folder, name));
  const said = await userError(openIngested(session, 'cats'));
  expect(said).toContain(`This result is damaged: ${name} was altered since it was published`);
  expect(said).toContain(published.folder);
});

test('a run that is about to make it anew is not held up by it', async () => {
  flip(join(published.folder, 'dataset.json'));
  const config = { train: { split: 'none' }, test: { split: 'test' } };
  const stage = { name: 'measure', needs: { dataset: published }, prepare: () => Promise.resolve({ config }) };
  await requireNamedImages(session, [stage as unknown as Stage]);
  expect(await lookAtTested(session, [stage as unknown as Stage])).toEqual([]);
});
