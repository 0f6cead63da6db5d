import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDataset } from '@selfsup/data/dataset';
import { asNobody } from '@selfsup/data/testing/as-nobody';
import { tf } from '@selfsup/engine/tensorflow';
import type { Progress } from '@selfsup/kit/progress';
import { randomKey } from '@selfsup/kit/random';
import { loadEncoder, saveEncoder } from '@selfsup/models/encoder';
import { configureNetwork } from '@selfsup/models/network';
import { readImage } from '../embed/read-image.ts';
import { embed } from './embed.ts';

const folder = mkdtempSync(join(tmpdir(), 'selfsup-embed-'));
const pictures = join(folder, 'pictures');
const checkpoints = { colour: join(folder, 'colour.safetensors'), grey: join(folder, 'grey.safetensors') };
const silent: Progress = { phase: () => ({ advance() {}, done() {} }), note() {}, warn() {} };
const normalisation = { mean: [120, 110, 100], std: [60, 50, 40] };
const size = { height: 16, width: 16 };

/** Pixels that differ in every place and channel: mistakes in order or layout show. */
const pattern = Uint8Array.from({ length: 16 * 16 * 3 }, (_, i) => (i * 37 + (i >> 4) * 11) % 256);

beforeAll(async () => {
  for (const [name, channels] of [
    ['colour', 3],
    ['grey', 1],
  ] as const) {
    const network = await configureNetwork({ name: 'nin', blocks: 3, width: 6 });
    const encoder = network.build({ ...size, channels }, randomKey(3));
    await saveEncoder(
      checkpoints[name],
      { encoder },
      {
        task: 'random',
        network: { name: 'nin', config: { blocks: 3, width: 6 } },
        normalisation: { mean: normalisation.mean.slice(0, channels), std: normalisation.std.slice(0, channels) },
        ...{ step: 0, epoch: 0, seed: 3, batchNormStatistics: 'joint' },
      },
    );
  }
  mkdirSync(join(pictures, 'deep', 'er'), { recursive: true });
  await sharp(pattern, { raw: { width: 16, height: 16, channels: 3 } })
    .png()
    .toFile(join(pictures, 'b.png'));
  const wide = sharp({ create: { width: 60, height: 40, channels: 3, background: '#c04010' } });
  await wide.jpeg().toFile(join(pictures, 'deep', 'a,"1".jpg'));
  await sharp({ create: { width: 9, height: 30, channels: 4, background: '#00000000' } })
    .webp({ lossless: true })
    .toFile(join(pictures, 'deep', 'er', 'clear.webp'));
  const whole = await sharp(pattern, { raw: { width: 16, height: 16, channels: 3 } })
    .jpeg()
    .toBuffer();
  writeFileSync(join(pictures, 'cut.jpg'), whole.subarray(0, whole.length / 2));
  writeFileSync(join(pictures, 'empty.png'), '');
  writeFileSync(join(pictures, 'notes.md'), 'no picture');
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** An independent reader of NumPy's format 1.0. */
function readNpy(path: string): { shape: number[]; values: Float32Array } {
  const bytes = readFileSync(path);
  expect(bytes.subarray(0, 8)).toEqual(Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0]));
  const start = 10 + bytes.readUInt16LE(8);
  const header = bytes.toString('latin1', 10, start);
  expect(header).toMatch(/^\{'descr': '<f4', 'fortran_order': False, 'shape': \(\d+, \d+\), \} *\n$/);
  const shape = /\((\d+), (\d+)\)/.exec(header)!.slice(1).map(Number);
  return { shape, values: new Float32Array(new Uint8Array(bytes.subarray(start)).buffer) };
}

test('features of every picture that can be read; damaged ones are named, not replaced', async () => {
  const to = join(folder, 'features.npy');
  const lines = await embed(checkpoints.colour, pictures, { pool: 'avg', to }, silent);
  expect(lines[0]).toMatch(/^3 × 6 features of conv2: /);
  expect(lines[1]).toMatch(/^Damaged pictures skipped: 2,/);
  expect(lines.slice(2).map((line) => line.trim().split(':')[0])).toEqual(['cut.jpg', 'empty.png']);
  expect(readFileSync(`${to}.skipped.txt`, 'utf8').trim().split('\n')).toHaveLength(2);
  const names = readFileSync(join(folder, 'features.txt'), 'utf8').trim().split('\n');
  expect(names).toEqual(['b.png', 'deep/a,"1".jpg', 'deep/er/clear.webp']);
  const { shape, values } = readNpy(to);
  expect(shape).toEqual([3, 6]);

  // What the network itself gives for the pixels of b.png, normalised by hand.
  const encoder = await loadEncoder(checkpoints.colour);
  const input = Float32Array.from(
    pattern,
    (pixel, i) => (pixel - normalisation.mean[i % 3]!) / normalisation.std[i % 3]!,
  );
  const conv2 = tf.model({
    inputs: encoder.model.inputs,
    outputs: encoder.model.getLayer('conv2').output as tf.SymbolicTensor,
  });
  const map = conv2.predict(tf.tensor4d(input, [1, 16, 16, 3])) as tf.Tensor;
  const expected = map.mean([1, 2]).dataSync();
  for (let i = 0; i < 6; i++) expect(values[i]).toBeCloseTo(expected[i]!, 4);
  expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
});

test('CSV with whole maps: one line a picture, name first and quoted, the same values as the array', async () => {
  const csv = join(folder, 'features.csv');
  const npy = join(folder, 'maps.npy');
  await embed(checkpoints.colour, pictures, { layer: 'conv1', pool: 'none', to: csv }, silent);
  await embed(checkpoints.colour, pictures, { layer: 'conv1', pool: 'none', to: npy }, silent);
  const { shape, values } = readNpy(npy);
  expect(shape).toEqual([3, 8 * 8 * 3]);
  const [header, first, second] = readFileSync(csv, 'utf8').trim().split('\n');
  expect(header!.split(',')).toHaveLength(1 + shape[1]!);
  expect(second!.startsWith('"deep/a,""1"".jpg",')).toBe(true);
  expect(Float32Array.from(first!.split(',').slice(1).map(Number))).toEqual(values.slice(0, shape[1]));
});

test('an encoder of grey images gets luminance', async () => {
  const to = join(folder, 'grey.npy');
  expect((await embed(checkpoints.grey, pictures, { pool: 'avg', to }, silent))[0]).toMatch(/^3 × 6/);
  const white = await readImage(join(pictures, 'deep', 'er', 'clear.webp'), { ...size, channels: 1 });
  expect(white).toEqual({ pixels: new Uint8Array(256).fill(255), turned: false });
});

test('pictures are upright, cropped around the centre, 8 bits, in the channels asked for', async () => {
  const colour = { ...size, channels: 3 };
  expect(await readImage(join(pictures, 'b.png'), colour)).toEqual({ pixels: Buffer.from(pattern), turned: false });
  const grey = join(folder, 'grey16.png');
  const deep = Uint16Array.from({ length: 256 }, () => 0x8080);
  await sharp(deep, { raw: { width: 16, height: 16, channels: 1 } })
    .toColourspace('grey16')
    .png()
    .toFile(grey);
  expect(await readImage(grey, colour)).toEqual({ pixels: Buffer.alloc(768, 0x80), turned: false });
  // Left half black, right half white, marked as lying on its side (orientation 6: to be turned clockwise).
  const sides = Buffer.from(Uint8Array.from({ length: 256 }, (_, i) => (i % 16 < 8 ? 0 : 255)));
  const turned = join(folder, 'turned.png');
  await sharp(sides, { raw: { width: 16, height: 16, channels: 1 } })
    .withMetadata({ orientation: 6 })
    .png()
    .toFile(turned);
  const upright = (await readImage(turned, { ...size, channels: 1 })) as { pixels: Uint8Array };
  expect([upright.pixels[0], upright.pixels[15], upright.pixels[240]]).toEqual([0, 0, 255]);
  expect(upright).toMatchObject({ turned: true });
});

test('a folder is read as ingestion reads it, pixels included, and names stay in one line', async () => {
  const from = join(folder, 'odd');
  const elsewhere = join(folder, 'elsewhere');
  const picture = sharp({ create: { width: 40, height: 24, channels: 3, background: '#205080' } });
  const lying = await picture.clone().withMetadata({ orientation: 6 }).jpeg().toBuffer();
  for (const path of [elsewhere, join(from, '@eaDir'), join(from, '.hidden')]) mkdirSync(path, { recursive: true });
  writeFileSync(join(elsewhere, 'linked.jpg'), lying);
  symlinkSync(elsewhere, join(from, 'z-link'));
  for (const name of ['@eaDir/1.jpg', '.hidden/2.jpg', 'two\nlines.jpg', 'no-ending'])
    writeFileSync(join(from, name), lying);
  writeFileSync(join(from, 'p.ppm'), Buffer.concat([Buffer.from('P6 16 16 255\n'), pattern]));
  writeFileSync(join(from, 'not\nread.png'), 'spoilt');
  execFileSync('mkfifo', [join(from, 'pipe.jpg')]);
  const notes: string[] = [];
  const to = join(folder, 'odd.npy');
  const telling = { ...silent, note: (text: string) => void notes.push(text) };
  const lines = await embed(checkpoints.colour, from, { pool: 'avg', to }, telling);
  const paths = ['no-ending', 'p.ppm', 'two\\nlines.jpg', 'z-link/linked.jpg'];
  expect(readFileSync(join(folder, 'odd.txt'), 'utf8')).toBe(paths.map((path) => `${path}\n`).join(''));
  expect(readFileSync(`${to}.skipped.txt`, 'utf8')).toMatch(/^not\\nread\.png\t[^\n]+\n$/);
  expect(lines).toContain('Turned upright as their EXIF orientation says: 3');
  expect(notes.sort()).toEqual([
    'Passed over 1 file .jpg: a pipe, no file, such as pipe.jpg',
    expect.stringMatching(/^Passed over 2 files: hidden, of the system/),
  ]);

  const { ingestSection } = await import('@selfsup/data/testing/workplace');
  const section = { type: 'folder', path: from, classes: 'none' };
  const more = { store: { encoding: 'raw', ...size }, quarantine: { atMost: 1 } };
  const { folder: lmdb, manifest } = await ingestSection(folder, 'ingested', section, more);
  expect(manifest.reading).toMatchObject({ turned: 3 });
  const dataset = openDataset(lmdb);
  const found: string[] = [];
  for (let i = 0; i < dataset.count('train'); i++) {
    const path = dataset.sourcePath('train', i);
    found.push(path.replace('\n', '\\n'));
    const read = (await readImage(join(from, path), { ...size, channels: 3 })) as { pixels: Uint8Array };
    expect([...dataset.image('train', i)]).toEqual([...read.pixels]);
  }
  await dataset.close();
  expect(found).toEqual(paths);
});

test('pictures that cannot be read are listed, folders that cannot be read are refused', async () => {
  const from = join(folder, 'closed');
  mkdirSync(join(from, 'inner'), { recursive: true });
  for (const name of ['open.png', 'closed.png', 'inner/other.png']) cpSync(join(pictures, 'b.png'), join(from, name));
  symlinkSync('nowhere.png', join(from, 'gone.png'));
  chmodSync(join(from, 'closed.png'), 0);
  chmodSync(folder, 0o777);
  const to = join(folder, 'closed.npy');
  const lines = await asNobody(() => embed(checkpoints.colour, from, { pool: 'avg', to }, silent));
  expect(lines[0]).toMatch(/^2 × 6 features/);
  expect(readFileSync(`${to}.skipped.txt`, 'utf8')).toBe(
    'closed.png\tit cannot be read: permission denied\n' +
      'gone.png\tit cannot be read: it is gone, or a link that leads nowhere\n',
  );
  chmodSync(join(from, 'inner'), 0);
  const refused = embed(checkpoints.colour, from, { pool: 'avg', to, force: true }, silent);
  await expect(asNobody(() => refused)).rejects.toThrow(/The folder inner cannot be read: permission denied/);
  chmodSync(join(from, 'inner'), 0o755);
});

test('no file that is there is written over unasked', async () => {
  const kept = ['kept.npy', 'kept.txt', 'kept.npy.skipped.txt'].map((name) => join(folder, name));
  const to = kept[0]!;
  for (const file of kept) {
    writeFileSync(file, 'mine');
    await expect(embed(checkpoints.colour, pictures, { pool: 'avg', to }, silent)).rejects.toThrow(/is a file already/);
    expect(readFileSync(file, 'utf8')).toBe('mine');
    rmSync(file);
  }
  for (const file of kept) writeFileSync(file, 'mine');
  await expect(embed(checkpoints.colour, pictures, { pool: 'avg', to }, silent)).rejects.toThrow(
    /already: .*kept\.npy, .*kept\.txt, .*kept\.npy\.skipped\.txt/,
  );
  await embed(checkpoints.colour, pictures, { pool: 'avg', to, force: true }, silent);
  expect(readNpy(to).shape).toEqual([3, 6]);
  for (const file of kept) expect(readFileSync(file).toString()).not.toBe('mine');
});

test('what cannot be done is said before anything is written', async () => {
  const to = join(folder, 'nothing.npy');
  const run = (checkpoint: string, from: string, options: object) =>
    embed(checkpoint, from, { pool: 'avg', to, ...options }, silent);
  await expect(run(checkpoints.colour, pictures, { layer: 'conv9' })).rejects.toThrow(/no layer 'conv9'/);
  await expect(run(checkpoints.colour, pictures, { to: 'x.txt' })).rejects.toThrow(/\.npy or \.csv/);
  await expect(run(checkpoints.colour, join(folder, 'none'), {})).rejects.toThrow(/no such folder/);
  await expect(run('no-such-experiment', pictures, {})).rejects.toThrow(/no checkpoint 'no-such-experiment'/);
  await expect(run(checkpoints.colour, pictures, { to: join(folder, 'absent', 'x.npy') })).rejects.toThrow(
    /Cannot write/,
  );
  const broken = join(folder, 'broken');
  mkdirSync(broken);
  writeFileSync(join(broken, 'a.png'), 'not a png');
  await expect(run(checkpoints.colour, broken, {})).rejects.toThrow(/None of the 1 pictures/);
  expect(existsSync(to)).toBe(false);
});
