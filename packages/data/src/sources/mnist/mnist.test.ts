import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openDataset } from '../../dataset.ts';
import { fashionFiles, idxGz, writeTree } from '../../testing/archives.ts';
import { contextIn, ingestSection, userError, workplace } from '../../testing/workplace.ts';
import mnist from './mnist.ts';

const folder = await workplace();
const files = fashionFiles(30, 10);

describe('mnist', () => {
  it('reads the four official files', async () => {
    await writeTree(join(folder, 'digits'), files);
    const made = await ingestSection(folder, 'made', { type: 'mnist', path: 'digits' });
    expect(made.manifest.source.chosen).toBe('MNIST, the four IDX files');
    expect(made.manifest.classes).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
    const dataset = openDataset(made.folder);
    expect([...dataset.labels('test')]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(dataset.manifest.image).toEqual({ encoding: 'raw', height: 28, width: 28, channels: 1 });
    await dataset.close();
  });

  it('refuses a label file with too few rows, and a folder that lacks a file', async () => {
    const name = 'train-labels-idx1-ubyte.gz';
    await writeTree(join(folder, 'few'), { ...files, [name]: idxGz([29], new Uint8Array(29)) });
    const few = ingestSection(folder, 'few-made', { type: 'mnist', path: 'few' });
    expect(await userError(few)).toMatch(/29 labels for 30 images[^]*train-labels/);
    const { [name]: _left, ...others } = files;
    await writeTree(join(folder, 'lacking'), others);
    const lacking = ingestSection(folder, 'lacking-made', { type: 'mnist', path: 'lacking' });
    expect(await userError(lacking)).toMatch(/train-labels-idx1-ubyte\.gz missing/);
  });

  it('says what to put where when there is nothing', async () => {
    const look = await mnist.look(mnist.schema.parse({ type: 'mnist', download: false }), contextIn(folder));
    expect(look).toMatchObject({ missing: /downloading is off/, remedy: /folder mnist below/ });
  });
});
