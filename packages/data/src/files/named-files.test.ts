import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import type { SourceContext } from '../source.ts';
import { workplace } from '../testing/workplace.ts';
import { givenPath } from './named-files.ts';

const folder = await workplace();
const context = { datasetFolder: join(folder, 'set'), dataFolder: join(folder, 'data') } as SourceContext;

beforeAll(async () => {
  for (const path of ['set/both.jpg', 'data/both.jpg', 'data/pictures/one.jpg']) {
    await mkdir(join(folder, path, '..'), { recursive: true });
    await writeFile(join(folder, path), path);
  }
});

test('a given path is looked for beside dataset.json, then in SELFSUP_DATA', () => {
  expect(givenPath('both.jpg', context)).toBe(join(folder, 'set/both.jpg'));
  expect(givenPath('pictures/one.jpg', context)).toBe(join(folder, 'data/pictures/one.jpg'));
  expect(givenPath(join(folder, 'data/both.jpg'), context)).toBe(join(folder, 'data/both.jpg'));
});

test('one that is in neither is refused, with where it may be put', () => {
  expect(() => givenPath('pictures/none.jpg', context)).toThrow(/does not exist/);
  try {
    givenPath('pictures/none.jpg', context);
  } catch (error) {
    expect(error).toMatchObject({
      file: join(folder, 'data/pictures/none.jpg'),
      field: 'path',
      remedy: expect.stringContaining(`also looked for at ${join(folder, 'set/pictures/none.jpg')}`),
    });
  }
  expect(() => givenPath(join(folder, 'data/pictures/two.jpg'), context)).toThrow(/does not exist/);
});

test('it is named where it was typed, and beside dataset.json where SELFSUP_DATA is not set', () => {
  const refusal = (other: object): unknown => {
    try {
      return givenPath('none.jpg', { ...context, ...other });
    } catch (error) {
      return error;
    }
  };
  expect(refusal({ datasetFolder: process.cwd() })).toMatchObject({ file: join(process.cwd(), 'none.jpg') });
  expect(refusal({ dataFolder: undefined })).toMatchObject({
    file: join(folder, 'set/none.jpg'),
    remedy: expect.stringContaining('SELFSUP_DATA is not set.'),
  });
  expect(refusal({ dataFolder: join(folder, 'lost') })).toMatchObject({
    remedy: expect.stringContaining(`SELFSUP_DATA names ${join(folder, 'lost')}, a folder that does not exist.`),
  });
});
