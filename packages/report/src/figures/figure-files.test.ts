import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { encodePng } from '../images/png.ts';
import { readFigures, writeFigures } from './figure-files.ts';
import { figureKinds, findFigureKind } from './find-kind.ts';
import { confusion } from './kinds/confusion.ts';
import { pictures } from './kinds/pictures.ts';

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'figures-'))));
afterEach(() => rmSync(folder, { recursive: true }));

const [one, two] = [1, 2].map((shade) => Buffer.from(encodePng(new Uint8Array(4).fill(shade), 2, 2, 1)));

test('figures are read as they were written, in their order, pictures byte for byte', async () => {
  const figures = [
    pictures({
      beside: true,
      pictures: [
        { image: one!, caption: 'A', facts: { actual: '0°' } },
        { image: two!, caption: 'B' },
      ],
    }),
    confusion({ classes: ['a', 'b'], matrix: [[3, 1], [0, 4]] }), // prettier-ignore
  ];
  await writeFigures(figures, folder);
  expect(readdirSync(join(folder, 'figures')).sort()).toEqual([
    ...['00-pictures-000.png', '00-pictures-001.png', '00-pictures.json', '01-confusion.json'],
  ]);
  expect(await readFigures(folder)).toEqual(figures);
});

test('a stage without figures has none', async () => {
  expect(await readFigures(folder)).toEqual([]);
});

test('data that is not as its kind says is refused when written, by kind and field', async () => {
  const wrong = { kind: 'confusion', data: { classes: ['a'], matrix: [[0.5]] } };
  await expect(writeFigures([wrong], folder)).rejects.toMatchObject({
    message: expect.stringContaining("kind 'confusion'") as string,
    field: 'matrix.0.0',
  });
  await expect(writeFigures([{ kind: 'confusoin', data: {} }], folder)).rejects.toMatchObject({
    remedy: expect.stringContaining('confusion') as string,
  });
});

test('a file that cannot be understood is named; a picture outside the folder is not read', async () => {
  await writeFigures([confusion({ classes: ['a'], matrix: [[1]] })], folder);
  const file = join(folder, 'figures/00-confusion.json');
  writeFileSync(file, '{"classes": 3}');
  await expect(readFigures(folder)).rejects.toMatchObject({ name: 'UserError', file });
  writeFileSync(join(folder, 'outside.png'), one!);
  const picture = { image: { file: '../outside.png' }, caption: 'A' };
  writeFileSync(file, JSON.stringify({ beside: false, pictures: [picture] }));
  await expect(readFigures(folder)).rejects.toThrow('ENOENT');
});

test.each(figureKinds())(
  '%s has a schema, a heading and a renderer, and shows nothing where there is nothing',
  async (name) => {
    const { schema, section, render } = await findFigureKind(name);
    expect(section.title).not.toBe('');
    expect(schema.safeParse({ unknown: 1 }).success).toBe(false);
    expect(render([], { seeds: [1], variants: ['base'] }).text.replaceAll(/<[^>]*>|\s/g, '')).toBe('');
  },
);
