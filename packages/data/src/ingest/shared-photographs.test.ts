import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openDataset, type Dataset } from '../dataset.ts';
import { smallJpeg, vocFiles } from '../testing/annotated.ts';
import { writeTree } from '../testing/archives.ts';
import { ingestSection, workplace } from '../testing/workplace.ts';
import { sharedPhotographs } from './shared-photographs.ts';

const folder = await workplace();

async function voc(year: '2007' | '2012', names: Readonly<Record<string, readonly string[]>>): Promise<Dataset> {
  const files = vocFiles(
    Object.entries(names).flatMap(([split, all]) =>
      all.map((name) => ({ name, split, side: 24, objects: [['cat', 1, 1, 9, 9]] as const })),
    ),
    `VOC${year}`,
  );
  // No two have the same bytes, except where that is said below.
  Object.keys(files).forEach((path, i) => {
    if (path.endsWith('.jpg')) files[path] = smallJpeg(100 * Number(year) + i, 24);
  });
  files[`VOC${year}/JPEGImages/${names['val']!.at(-1)}.jpg`] = smallJpeg(1, 24);
  await writeTree(join(folder, year), files);
  const section = { type: 'voc', year, task: 'detection', path: year };
  return openDataset((await ingestSection(folder, `made-${year}`, section, { store: { encoding: 'jpeg' } })).folder);
}

it('finds the same photograph in two years by its name, though encoded anew, and any by its bytes', async () => {
  const older = await voc('2007', { train: ['000001', '000032'], val: ['000033', '000099'] });
  const newer = await voc('2012', { train: ['2008_000001', '2007_000033'], val: ['2007_000032', '2011_000005'] });
  expect(sharedPhotographs(older, newer)).toEqual([
    {
      ...{ split: 'train', otherSplit: 'val' },
      ...{ paths: ['JPEGImages/000032.jpg'], otherExample: 'JPEGImages/2007_000032.jpg' },
    },
    {
      ...{ split: 'val', otherSplit: 'train' },
      ...{ paths: ['JPEGImages/000033.jpg'], otherExample: 'JPEGImages/2007_000033.jpg' },
    },
    {
      ...{ split: 'val', otherSplit: 'val' },
      ...{ paths: ['JPEGImages/000099.jpg'], otherExample: 'JPEGImages/2011_000005.jpg' },
    },
  ]);
  expect(sharedPhotographs(older, older).map(({ paths }) => paths.length)).toEqual([2, 2]);
  expect(sharedPhotographs(older, newer, { otherSplit: 'train' }).map(({ paths }) => paths)).toEqual([
    ['JPEGImages/000033.jpg'],
  ]);
  expect(sharedPhotographs(older, newer, { split: 'train', otherSplit: 'val' }).map(({ paths }) => paths)).toEqual([
    ['JPEGImages/000032.jpg'],
  ]);
  expect(() => sharedPhotographs(older, newer, { otherSplit: 'test' })).toThrow(/no split "test"/);
  await older.close();
  await newer.close();
});
