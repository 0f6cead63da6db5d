import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { deflateSync, gunzipSync } from 'node:zlib';
import { smallJpeg, vocFiles, type VocObjectRow } from '@selfsup/data/testing/annotated';
import { cifarBinary, fashionFiles, tarOfMembers, zipOfMembers } from '@selfsup/data/testing/archives';
import { encodeIndexedPng } from '@selfsup/data/testing/internals';
import { cifarPickle } from '@selfsup/data/testing/pickles';
import { writeCheckpoint, type TensorData } from '@selfsup/models/checkpoint';
import { writeNpy } from '@selfsup/numerics/npy';
import { jpegs, pngOf, pngs } from '../seeds.ts';

/** A zip with one stored and one deflated member. */
export function zip(files: Readonly<Record<string, Buffer>>): Buffer {
  return zipOfMembers(Object.entries(files).map(([name, content], i) => ({ name, content, isDeflated: i % 2 === 1 })));
}

const matElement = (type: number, data: Buffer): Buffer => {
  const tag = Buffer.alloc(8);
  tag.writeUInt32LE(type, 0);
  tag.writeUInt32LE(data.length, 4);
  return Buffer.concat([tag, data, Buffer.alloc((8 - (data.length % 8)) % 8)]);
};

/** An array of a MAT file: of a class, with its content as it is written. */
function matArray(name: string, kind: number, shape: readonly number[], content: Buffer): Buffer {
  const flags = Buffer.alloc(8);
  flags.writeUInt32LE(kind, 0);
  const sizes = Buffer.from(Int32Array.from(shape).buffer);
  return matElement(
    14,
    Buffer.concat([matElement(6, flags), matElement(5, sizes), matElement(1, Buffer.from(name)), content]),
  );
}

const matMatrix = (name: string, kind: number, type: number, data: Buffer, shape: readonly number[]): Buffer =>
  matArray(name, kind, shape, matElement(type, data));

function matHeader(): Buffer {
  const header = Buffer.alloc(128, ' ');
  header.write('MATLAB 5.0 MAT-file');
  header.writeUInt16LE(0x0100, 124);
  header.write('IM', 126);
  return header;
}

/** A MAT file of level 5 with a matrix, a text and a compressed matrix. */
export function mat(): Buffer {
  const numbers = matMatrix('numbers', 6, 9, Buffer.from(new Float64Array([1, 2, 3]).buffer), [1, 3]);
  const packed = deflateSync(numbers);
  const tag = Buffer.alloc(8);
  tag.writeUInt32LE(15, 0);
  tag.writeUInt32LE(packed.length, 4);
  return Buffer.concat([matHeader(), matMatrix('text', 4, 16, Buffer.from('words'), [1, 5]), numbers, tag, packed]);
}

/** Images in folders of classes, for archives of them. */
export async function tree(): Promise<Record<string, Buffer>> {
  const [jpeg, png] = [(await jpegs())['plain.jpg']!, (await pngs())['plain.png']!];
  return { 'train/cat/1.png': png, 'train/dog/2.jpg': jpeg, 'test/cat/3.jpg': jpeg, 'readme.txt': Buffer.from('two') };
}

/** A tar of files, and links to one of them. */
export function tar(files: Readonly<Record<string, Buffer>>): Promise<Buffer> {
  const plain = Object.entries(files).map(([name, content]) => ({ name, content }));
  return tarOfMembers([
    ...plain,
    { name: 'train/dog/4.jpg', type: 'symlink', linkname: '2.jpg' },
    { name: 'train/dog/5.jpg', type: 'link', linkname: 'train/dog/2.jpg' },
  ]);
}

/** CIFAR-10's Python version: two images of a batch. */
export function cifarPython(): Buffer {
  return cifarPickle(
    Uint8Array.from({ length: 6144 }, (_, i) => (i * 7) % 251),
    2,
    { labels: [1, 2] },
  );
}

/** CIFAR-10's binary version: three images of each batch. */
export function cifarBatches(): Record<string, Buffer> {
  const files = Object.entries(cifarBinary(3)).filter(([name]) => name.endsWith('.bin'));
  return Object.fromEntries(files.map(([name, content]) => [basename(name), content]));
}

/** MNIST's four files, those of the training images first. */
export function idxFiles(isPacked: boolean): Record<string, Buffer> {
  const files = Object.entries(fashionFiles(3, 2));
  return Object.fromEntries(
    files.map(([name, content]) => (isPacked ? [name, content] : [name.replace(/\.gz$/, ''), gunzipSync(content)])),
  );
}

const side = 16;
const mask = (): Uint8Array => Uint8Array.from({ length: side * side }, (_, i) => [0, 1, 2, 255][i % 4]!);

/** A dataset in VOC's layout with masks, but for that of its image a. */
export function vocMasks(): Record<string, Buffer> {
  const images = ['a', 'b'].map((name) => ({ name, split: 'train', side, mask: mask() }));
  const files = belowRoot(vocFiles(images));
  delete files['SegmentationClass/a.png'];
  return files;
}

/** A dataset in VOC's layout with objects. */
export function vocObjects(): Record<string, Buffer> {
  const images = ['a', 'b'].map((name) => ({
    name,
    split: 'train',
    side,
    objects: [
      ['cat', 1, 2, 9, 8],
      ['dog', 3, 3, 16, 16, 1, 1],
    ] as VocObjectRow[],
  }));
  return belowRoot(vocFiles(images));
}

const belowRoot = (files: Readonly<Record<string, Buffer>>): Record<string, Buffer> =>
  Object.fromEntries(Object.entries(files).map(([path, content]) => [path.replace(/^mine\//, ''), content]));

/** Masks as PNGs: with a palette, grey, in colours. */
export async function pngMasks(): Promise<Buffer[]> {
  const colours = Uint8Array.from({ length: 3 * side * side }, (_, i) => (i % 6 === 0 ? 128 : 0));
  return [encodeIndexedPng(mask(), side, side), await pngOf(mask(), side, 1), await pngOf(colours, side, 3)];
}

/** A mask of the Berkeley boundaries. */
export function matMask(): Buffer {
  const indices = Buffer.from(mask().map((index) => index % 3));
  const struct = matMatrix('', 9, 2, indices, [side, side]);
  const field = Buffer.concat([
    matElement(5, Buffer.from(Int32Array.of(16).buffer)),
    matElement(1, Buffer.from('Segmentation\0\0\0\0')),
    struct,
  ]);
  return Buffer.concat([matHeader(), matArray('GTcls', 2, [1, 1], field)]);
}

/** ImageNet: the devkit's two forms of its MATLAB file, and the files beside it. */
export async function imagenet(fixtures: string): Promise<[Buffer[], Record<string, Buffer>]> {
  const metas = ['meta', 'meta-plain'].map((name) => readFileSync(join(fixtures, `${name}.fixture.mat`)));
  const jpeg = (await jpegs())['plain.jpg']!;
  const files: Record<string, Buffer> = {
    'ILSVRC2012_devkit_t12/data/ILSVRC2012_validation_ground_truth.txt': Buffer.from('2\n1\n3\n2\n'),
  };
  for (const wnid of ['n01440764', 'n02119789', 'n07565083']) files[`train/${wnid}/${wnid}_1.JPEG`] = jpeg;
  for (const i of [1, 2, 3, 4]) files[`val/ILSVRC2012_val_0000000${i}.JPEG`] = jpeg;
  return [metas, files];
}

/** A table of features. */
export function npy(folder: string): Buffer {
  const file = join(folder, 'seed.npy');
  writeNpy(file, '<f4', [4, 3], new Float32Array(12).fill(0.5));
  return readFileSync(file);
}

/** A checkpoint. */
export async function safetensors(folder: string): Promise<Buffer> {
  const file = join(folder, 'seed.safetensors');
  const tensors = new Map<string, TensorData>([
    ['encoder/a', { shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) }],
    ['mask', { shape: [3], data: Uint8Array.of(1, 0, 1) }],
  ]);
  await writeCheckpoint(file, { tensors, metadata: { step: 3, task: { name: 'rotnet' } } });
  return readFileSync(file);
}

/** A dataset in COCO's form: two images; polygons, runs, packed runs. */
export function coco(): Record<string, Buffer> {
  const object = { image_id: 1, category_id: 3, bbox: [1, 2, 5, 6], iscrowd: 0 };
  const instances = {
    images: [1, 2].map((id) => ({ id, file_name: `${id}.jpg`, height: side, width: side })),
    categories: [
      { id: 3, name: 'cat' },
      { id: 7, name: 'dog' },
    ],
    annotations: [
      { ...object, segmentation: [[1, 2, 9, 4, 5, 12]] },
      { ...object, segmentation: { size: [side, side], counts: [17, 30, 209] }, iscrowd: 1 },
      { ...object, image_id: 2, category_id: 7, segmentation: { size: [side, side], counts: 'a0n0a6' }, ignore: 1 },
    ],
  };
  return {
    'instances_train.json': Buffer.from(JSON.stringify(instances)),
    'train/1.jpg': smallJpeg(1, side),
    'train/2.jpg': smallJpeg(2, side),
  };
}

/** Places205: lists of three and one images in two classes. */
export function places205(): Record<string, Buffer> {
  const names = ['a/abbey/1.jpg', 'a/abbey/2.jpg', 'z/zoo/3.jpg', 'z/zoo/4.jpg'];
  const line = (name: string): string => `${name} ${name.startsWith('a') ? 0 : 1}`;
  return {
    'trainvalsplit_places205/train_places205.csv': Buffer.from(`${names.slice(0, 3).map(line).join('\n')}\n`),
    'trainvalsplit_places205/val_places205.csv': Buffer.from(`${line(names[3]!)}\n`),
    ...Object.fromEntries(names.map((name, i) => [`images256/${name}`, smallJpeg(i, side)])),
  };
}

/** What is declared in this repository, such as each `dataset.json`. */
export function declared(below: string, name: string): Buffer[] {
  return readdirSync(below)
    .map((folder) => join(below, folder, name))
    .filter((file) => existsSync(file))
    .map((file) => readFileSync(file));
}
