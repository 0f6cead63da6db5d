import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32, deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { openDataset } from '../../dataset.ts';
import { tarOf, writeTree, type Files } from '../../testing/archives.ts';
import { contextIn, ingestSection, userError, workplace } from '../../testing/workplace.ts';
import { vocClasses } from './classes.ts';
import { readVocMask } from './mask.ts';
import voc from './voc.ts';

const folder = await workplace();

/** CRC-32 as PNG has it; Node has its own only from 20.15 on. */
function crc(bytes: Buffer): number {
  if (typeof crc32 === 'function') return crc32(bytes);
  let value = 0xffffffff;
  for (const byte of bytes) {
    value ^= byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  }
  return (value ^ 0xffffffff) >>> 0;
}

/** A palette PNG as VOC's masks are: indices in rows of `depth` bits, with VOC's colour map. */
function palettePng(indices: Uint8Array, width: number, depth: 8 | 4 | 1 = 8): Buffer {
  const height = indices.length / width;
  const chunk = (type: string, data: Buffer): Buffer => {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
    const ends = Buffer.alloc(8);
    ends.writeUInt32BE(data.length, 0);
    ends.writeUInt32BE(crc(body), 4);
    return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([depth, 3], 8);
  const palette = Buffer.alloc(3 * 2 ** depth);
  for (let i = 0; i < 2 ** depth; i++) {
    for (let bit = 0; bit < 8; bit++) {
      for (let c = 0; c < 3; c++) palette[3 * i + c]! |= ((i >> (3 * bit + c)) & 1) << (7 - bit);
    }
  }
  const rowBytes = Math.ceil((width * depth) / 8);
  const rows = Buffer.alloc(height * (1 + rowBytes));
  indices.forEach((index, i) => {
    const x = i % width;
    const at = Math.floor(i / width) * (1 + rowBytes) + 1 + Math.floor((x * depth) / 8);
    rows[at]! |= index << (8 - depth - ((x * depth) % 8));
  });
  const signature = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]);
  const parts = [
    chunk('IHDR', header),
    chunk('PLTE', palette),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ];
  return Buffer.concat([signature, ...parts]);
}

const xml = (name: string, objects: string): Buffer =>
  Buffer.from(`<annotation>
	<folder>VOC2007</folder>
	<filename>${name}.jpg</filename>
	<size><width>40</width><height>30</height><depth>3</depth></size>
	<segmented>1</segmented>${objects}
</annotation>
`);
const object = (name: string, box: readonly (number | string)[], difficult = 0, truncated = 0, more = ''): string => `
	<object>
		<name>${name}</name>
		<pose>Left</pose>
		<truncated>${truncated}</truncated>
		<difficult>${difficult}</difficult>
		<bndbox><xmin>${box[0]}</xmin><ymin>${box[1]}</ymin><xmax>${box[2]}</xmax><ymax>${box[3]}</ymax></bndbox>${more}
	</object>`;
const part = '<part><name>head</name><bndbox><xmin>3</xmin><ymin>3</ymin><xmax>5</xmax><ymax>5</ymax></bndbox></part>';

const objects: Record<string, string> = {
  '000005': object('chair', [1, 1, 40, 30], 0, 1) + object('person', ['10.70', 5, 20, 25], 1, 0, part),
  '000007': object('car', [2, 3, 12, 13]),
  '000009': '',
  '000011': object('car', [2, 3, 12, 13]),
};
const present: Record<string, Record<string, number>> = {
  '000005': { chair: 1, person: 0 },
  '000007': { car: 1 },
  '000011': { car: 1 },
};
const mask = Uint8Array.from({ length: 40 * 30 }, (_, i) => (i % 40 < 5 ? 255 : i % 40 < 20 ? 9 : 0));

async function devkit(
  splits: Readonly<Record<string, readonly string[]>>,
  year = '2007',
): Promise<Record<string, Buffer>> {
  const files: Record<string, Buffer> = {};
  const root = `VOCdevkit/VOC${year}`;
  for (const [split, names] of Object.entries(splits)) {
    files[`${root}/ImageSets/Main/${split}.txt`] = Buffer.from(names.join('\n') + '\n');
    files[`${root}/ImageSets/Segmentation/${split}.txt`] = Buffer.from(`${names[0]}\n`);
    for (const name of vocClasses) {
      const rows = names.map((image) => `${image} ${String(present[image]?.[name] ?? -1).padStart(2)}`);
      files[`${root}/ImageSets/Main/${name}_${split}.txt`] = Buffer.from(rows.join('\n') + '\n');
    }
    for (const name of names) {
      files[`${root}/Annotations/${name}.xml`] = xml(name, objects[name]!);
      const image = { width: 40, height: 30, channels: 3 as const, background: { r: Number(name) * 20, g: 9, b: 9 } };
      files[`${root}/JPEGImages/${name}.jpg`] = await sharp({ create: image }).jpeg().toBuffer();
    }
    files[`${root}/SegmentationClass/${names[0]}.png`] = palettePng(mask, 40);
  }
  return files;
}

let trainval: Files;
beforeAll(async () => {
  trainval = await devkit({ train: ['000005', '000007'], val: ['000009'] });
  await writeTree(join(folder, 'extracted'), trainval);
  await writeTree(join(folder, 'tars'), {
    'VOCtrainval_06-Nov-2007.tar': await tarOf(trainval),
    'VOCtest_06-Nov-2007.tar': await tarOf(await devkit({ test: ['000011'] })),
  });
});

let ingests = 0;
const ingestVoc = (path: string, more: object = {}) =>
  ingestSection(
    folder,
    `voc-${ingests++}`,
    { type: 'voc', year: '2007', path, ...more },
    { store: { encoding: 'jpeg', quality: 95 } },
  );

describe('voc', () => {
  it('reads the official tars: boxes on pixel borders, flags, no parts, class lists', async () => {
    const { folder: made, manifest } = await ingestVoc('tars');
    expect(manifest.source.chosen).toBe('PASCAL VOC 2007, classification: train, val, test');
    expect(Object.entries(manifest.splits).map(([split, { count }]) => [split, count])).toEqual([
      ['test', 1],
      ['train', 2],
      ['val', 1],
    ]);
    const dataset = openDataset(made);
    const { boxes, presence } = dataset.annotations('train', 0);
    expect(boxes).toEqual([
      { label: 8, left: 0, top: 0, right: 40, bottom: 30, difficult: false, truncated: true },
      { label: 14, left: 9.7, top: 4, right: 20, bottom: 25, difficult: true, truncated: false },
    ]);
    expect(presence).toEqual(vocClasses.map((name) => ({ chair: 1, person: 0 })[name] ?? -1));
    expect(dataset.annotations('val', 0).boxes).toEqual([]);
    expect(dataset.picture('test', 0)).toMatchObject({ height: 30, width: 40 });
    await dataset.close();
  });

  it('reads the extracted tree, with masks for segmentation', async () => {
    const { folder: made, manifest } = await ingestVoc('extracted', { task: 'segmentation' });
    expect(manifest.classes.slice(0, 2)).toEqual(['background', 'aeroplane']);
    expect(manifest.splits['train']!.count).toBe(1);
    const dataset = openDataset(made);
    expect(dataset.mask('train', 0)).toEqual({ classes: mask, height: 30, width: 40 });
    expect(dataset.annotations('train', 0).boxes!.map(({ label }) => manifest.classes[label])).toEqual([
      'chair',
      'person',
    ]);
    await dataset.close();
    const fromTar = await ingestSection(
      folder,
      'seg-tar',
      { type: 'voc', year: '2007', path: 'tars', task: 'segmentation' },
      { store: { encoding: 'jpeg', quality: 95 } },
    );
    expect(fromTar.manifest.splits['train']!.count).toBe(1);
    const detection = await ingestVoc('extracted/VOCdevkit/VOC2007', { task: 'detection' });
    const other = openDataset(detection.folder);
    expect(other.annotations('train', 1)).toEqual({
      boxes: [{ label: 6, left: 1, top: 2, right: 12, bottom: 13, difficult: false, truncated: false }],
    });
    await other.close();
  });

  it('masks are palette indices at any depth', () => {
    expect(
      readVocMask(palettePng(Uint8Array.of(0, 15, 15, 3, 0, 9), 3, 4), { height: 2, width: 3 }, 21).classes,
    ).toEqual(Uint8Array.of(0, 15, 15, 3, 0, 9));
    expect(
      readVocMask(palettePng(Uint8Array.of(0, 1, 1, 0, 1, 0, 0, 0, 1, 1), 5, 1), { height: 2, width: 5 }, 21)
        .classes[9],
    ).toBe(1);
    const pair = palettePng(Uint8Array.of(0, 77), 2);
    expect(() => readVocMask(pair, { height: 1, width: 2 }, 21)).toThrow(/77, which is no class/);
    expect(() => readVocMask(pair.subarray(0, 20), { height: 1, width: 2 }, 21)).toThrow(/cut off/);
    const altered = Buffer.from(pair);
    altered[altered.indexOf('IDAT') + 8]! ^= 1;
    expect(() => readVocMask(altered, { height: 1, width: 2 }, 21)).toThrow(/checksum of its part "IDAT" is another/);
    const short = palettePng(Uint8Array.of(0, 7), 2);
    short.writeUInt32BE(2, 20);
    short.writeUInt32BE(crc(short.subarray(12, 29)), 29);
    expect(() => readVocMask(short, { height: 2, width: 2 }, 21)).toThrow(/has 3 bytes of pixels instead of 6/);
    const flat = palettePng(new Uint8Array(2 ** 18), 2 ** 18);
    flat.writeUInt32BE(2, 16);
    flat.writeUInt32BE(crc(flat.subarray(12, 29)), 29);
    expect(() => readVocMask(flat, { height: 1, width: 2 }, 21)).toThrow(/unpacks to more than its pixels take/);
    expect(() => readVocMask(Buffer.from('x'.repeat(99)), undefined, 21)).toThrow(/is no PNG/);
    // Said before it is unpacked: a small file may promise gigabytes.
    const bomb = Buffer.from(pair);
    bomb.writeUInt32BE(60_000, 16);
    bomb.writeUInt32BE(60_000, 20);
    expect(() => readVocMask(bomb, { height: 1, width: 2 }, 21)).toThrow(/60000 × 60000 pixels, the image 1 × 2/);
  });

  it.each<[string, (files: Record<string, Buffer>) => void, RegExp]>([
    [
      'a class list with too few rows',
      (f) => (f['VOCdevkit/VOC2007/ImageSets/Main/cat_train.txt'] = Buffer.from('000005 -1\n')),
      /list of cat has 1 rows and none for 000007/,
    ],
    ['a missing list', (f) => delete f['VOCdevkit/VOC2007/ImageSets/Main/dog_val.txt'], /dog_val\.txt is missing/],
    [
      'a line of another form',
      (f) => (f['VOCdevkit/VOC2007/ImageSets/Main/cow_train.txt'] = Buffer.from('000005 2\n')),
      /cow_train\.txt: line 1/,
    ],
    ['a missing annotation', (f) => delete f['VOCdevkit/VOC2007/Annotations/000007.xml'], /000007\.xml is missing/],
    [
      'a missing image',
      (f) => delete f['VOCdevkit/VOC2007/JPEGImages/000009.jpg'],
      /names 000009, whose image is missing/,
    ],
    [
      'XML that is cut off',
      (f) => (f['VOCdevkit/VOC2007/Annotations/000005.xml'] = xml('x', '').subarray(0, 80)),
      /000005\.xml: is cut off: <annotation>.* stay open/,
    ],
    [
      'a number that is made of elements',
      (f) => {
        const inside = object('car', [1, 1, 2, 2]).replace(/<xmin>.*?<\/xmin>/, '<xmin><toString>1</toString></xmin>');
        f['VOCdevkit/VOC2007/Annotations/000007.xml'] = xml('x', inside);
      },
      /000007\.xml: <xmin> is missing or no number/,
    ],
    [
      'an unknown class',
      (f) => (f['VOCdevkit/VOC2007/Annotations/000007.xml'] = xml('x', object('lorry', [1, 1, 2, 2]))),
      /"lorry" is none of/,
    ],
    [
      'a box outside',
      (f) => (f['VOCdevkit/VOC2007/Annotations/000007.xml'] = xml('x', object('car', [1, 1, 50, 2]))),
      /box of a car lies outside the 40 × 30/,
    ],
  ])('refuses %s', async (name, spoil, message) => {
    const files = { ...trainval };
    spoil(files);
    const at = name.replaceAll(' ', '-');
    await writeTree(join(folder, at), files);
    expect(await userError(ingestVoc(at))).toMatch(message);
  });

  it('expands no entities', async () => {
    const bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>';
    const files = { ...trainval };
    const evil = Buffer.concat([Buffer.from(bomb), xml('x', object('&b;', [1, 1, 2, 2]))]);
    files['VOCdevkit/VOC2007/Annotations/000007.xml'] = evil;
    await writeTree(join(folder, 'entities'), files);
    expect(await userError(ingestVoc('entities'))).toMatch(/000007\.xml: /);
  });

  it('leaves out an image whose mask does not fit, and says so', async () => {
    const files = { ...trainval, 'VOCdevkit/VOC2007/SegmentationClass/000005.png': palettePng(mask, 30) };
    await writeTree(join(folder, 'wrong-mask'), files);
    expect(await userError(ingestVoc('wrong-mask', { task: 'segmentation' }))).toMatch(/its mask is 40 × 30 pixels/);
  });

  it('says which files to put where', async () => {
    await writeFile(join(folder, 'a.txt'), 'x');
    expect(await userError(ingestVoc('a.txt'))).toMatch(/No PASCAL VOC 2007 lies here[^]*VOCtrainval_06-Nov-2007\.tar/);
    const look = await voc.look(voc.schema.parse({ type: 'voc', year: '2012' }), contextIn(folder));
    expect(look).toMatchObject({ remedy: /VOCtrainval_11-May-2012\.tar[^]*SELFSUP_DATA/ });
    const inData = await voc.look(
      voc.schema.parse({ type: 'voc', year: '2007' }),
      contextIn(folder, { dataFolder: join(folder, 'tars') }),
    );
    expect(inData).toMatchObject({ found: { chosen: /train, val, test/ } });
  });
});
