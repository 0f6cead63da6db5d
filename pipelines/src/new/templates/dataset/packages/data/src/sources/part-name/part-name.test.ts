import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { openDataset } from '../../dataset.ts';
import { contextIn, ingestSection, userError, workplace } from '../../testing/workplace.ts';
import source from './part-name.ts';

const folder = await workplace();
const colours = { green: [0, 200, 0], red: [200, 0, 0] } as const;

for (const split of ['train', 'test']) {
  for (const [name, [r, g, b]] of Object.entries(colours)) {
    const file = join(folder, 'pictures', split, name, '1.png');
    await mkdir(dirname(file), { recursive: true });
    await sharp({ create: { width: 20, height: 30, channels: 3, background: { r, g, b } } }).toFile(file);
  }
}
await writeFile(join(folder, 'pictures/train/red/2.png'), 'no picture');

test('PartName: classes are folders, pictures are scaled, damaged ones are left out', async () => {
  const section = { type: 'part-name', path: 'pictures', size: 8 };
  const { folder: lmdb, manifest } = await ingestSection(folder, 'ingested', section, { quarantine: { atMost: 0.5 } });
  expect(manifest.classes).toEqual(['green', 'red']);
  expect(manifest.splits).toEqual({
    train: { count: 2, classCounts: [1, 1] },
    test: { count: 2, classCounts: [1, 1] },
  });
  expect(manifest.quarantine.map(({ path }) => path)).toEqual(['train: train/red/2.png']);
  const dataset = openDataset(lmdb);
  expect([...dataset.labels('train')]).toEqual([0, 1]);
  expect([...dataset.image('train', 1)]).toEqual(new Array(64).fill(colours.red).flat());
  await dataset.close();
});

test('PartName: where there is no folder, it says what to do', async () => {
  const look = await source.look(source.schema.parse({ type: 'part-name' }), contextIn(folder));
  expect(look).toMatchObject({ remedy: expect.stringContaining('SELFSUP_DATA') });
  const wrong = ingestSection(folder, 'wrong', { type: 'part-name', path: 'nowhere' });
  expect(await userError(wrong)).toContain('does not exist');
});
