import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readStageOutputs } from './read-outputs.ts';
import { temporaryFolder } from '../temporary-folder.fixture.ts';

const folder = () => temporaryFolder('outputs');

test('an empty folder gives nothing', async () => {
  expect(Object.values(await readStageOutputs(folder())).every((part) => part === undefined)).toBe(true);
});

test('pictures are read with what is said of them, from the stage’s own folder only', async () => {
  const path = folder();
  writeFileSync(join(path, 'a.png'), Buffer.of(1, 2, 3));
  const pictures = [
    { file: '../elsewhere/a.png', caption: 'A', facts: { actual: '0°', predicted: '90°' }, group: 'g' },
  ];
  writeFileSync(join(path, 'preview.json'), JSON.stringify({ pictures }));
  const { preview } = await readStageOutputs(path);
  expect(preview).toEqual([
    { image: Buffer.of(1, 2, 3), caption: 'A', facts: { actual: '0°', predicted: '90°' }, group: 'g' },
  ]);
});

test('a file that cannot be understood is named', async () => {
  const path = folder();
  writeFileSync(join(path, 'curve.json'), '{"train": 3}');
  await expect(readStageOutputs(path)).rejects.toMatchObject({ name: 'UserError', file: join(path, 'curve.json') });
});
