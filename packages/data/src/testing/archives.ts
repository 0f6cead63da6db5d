import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { deflateRawSync, gzipSync } from 'node:zlib';
import sharp from 'sharp';
import { pack } from 'tar-stream';
import { crc32 } from '@selfsup/kit/files';

/** Path to content, in the order in which they are packed. */
export type Files = Readonly<Record<string, Buffer>>;

/** A byte that looks random but is a function of its place. */
export function noiseByte(place: number): number {
  return (Math.imul(place + 1, 2654435761) >>> 13) & 255;
}

/** Pixels [side, side, channels] that are a function of `number`: smooth, so that JPEG keeps them well. */
export function smoothPixels(number: number, side: number, channels: number): Buffer {
  const pixels = Buffer.alloc(side * side * channels);
  for (let i = 0; i < pixels.length; i++) {
    const place = Math.floor(i / channels);
    pixels[i] = (noiseByte(number * 7 + (i % channels)) + 2 * (place % side) + Math.floor(place / side)) & 127;
  }
  return pixels;
}

/** A tar as the usual tools write it, folders included. */
export async function tarOf(files: Files): Promise<Buffer> {
  const tar = pack();
  const folders = new Set(Object.keys(files).map((path) => `${dirname(path)}/`));
  for (const name of folders) tar.entry({ name, type: 'directory' });
  for (const [name, content] of Object.entries(files)) tar.entry({ name }, content);
  tar.finalize();
  const parts: Buffer[] = [];
  for await (const part of tar) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

/** A member as a tar or zip has it: a file, or of another kind. */
export interface Packed {
  readonly name: string;
  readonly content?: Buffer;
  /** In a zip, whether its content is deflated. */
  readonly isDeflated?: boolean;
  readonly type?: 'link' | 'symlink' | 'fifo' | 'character-device';
  readonly linkname?: string;
}

/** A tar of these members in this order, whatever they are. */
export async function tarOfMembers(members: readonly Packed[]): Promise<Buffer> {
  const tar = pack();
  for (const { content, ...header } of members) {
    if (content === undefined) tar.entry({ ...header, size: 0 });
    else tar.entry(header, content);
  }
  tar.finalize();
  const parts: Buffer[] = [];
  for await (const part of tar) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

/** A zip of these members as Unix packs them: a link has its target for content. It knows no hard links. */
export function zipOfMembers(members: readonly Packed[]): Buffer {
  const modes = { link: 0, symlink: 0o120777, fifo: 0o010644, 'character-device': 0o020644 };
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const { name, content, isDeflated = false, type, linkname } of members) {
    const bytes = content ?? Buffer.from(linkname ?? '');
    const stored = isDeflated ? deflateRawSync(bytes) : bytes;
    const common = Buffer.alloc(26); // from the version that is needed to the length of the extra field
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(isDeflated ? 8 : 0, 4);
    common.writeUInt32LE(crc32(bytes), 10);
    common.writeUInt32LE(stored.length, 14);
    common.writeUInt32LE(bytes.length, 18);
    common.writeUInt16LE(Buffer.byteLength(name), 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, Buffer.from(name), stored]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE((type === undefined ? 0o100644 : modes[type]) * 2 ** 16, 6);
    rest.writeUInt32LE(at, 10);
    directory.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x03', 'latin1'), common, rest, Buffer.from(name)]));
    parts.push(local);
    at += local.length;
  }
  const listed = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 0, 'latin1');
  end.writeUInt16LE(members.length, 8);
  end.writeUInt16LE(members.length, 10);
  end.writeUInt32LE(listed.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, listed, end]);
}

/** Writes files below `folder`. */
export async function writeTree(folder: string, files: Files): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
}

/**
 * CIFAR-10's binary version in small: records of one label byte and the red, green and blue plane of 32 × 32, in the
 * files that the official archive holds.
 */
export function cifarBinary(perFile: number): Files {
  const names = [1, 2, 3, 4, 5].map((i) => `data_batch_${i}.bin`);
  const files: Record<string, Buffer> = {};
  [...names, 'test_batch.bin'].forEach((name, place) => {
    const batch = Buffer.alloc(perFile * 3073);
    for (let record = 0; record < perFile; record++) {
      batch[record * 3073] = (record + place) % 10;
      for (let i = 0; i < 3072; i++) batch[record * 3073 + 1 + i] = noiseByte((place * perFile + record) * 3072 + i);
    }
    files[`cifar-10-batches-bin/${name}`] = batch;
  });
  const names10 = 'airplane\nautomobile\nbird\ncat\ndeer\ndog\nfrog\nhorse\nship\ntruck\n';
  return { 'cifar-10-batches-bin/batches.meta.txt': Buffer.from(names10), ...files };
}

/** A `train/<class>/NNNN.jpg` tree in small, packed in no useful order. */
export async function jpegTree(trainPerClass: number, testPerClass: number): Promise<Files> {
  const files: Record<string, Buffer> = {};
  for (const [split, count] of Object.entries({ test: testPerClass, train: trainPerClass })) {
    for (let i = count - 1; i >= 0; i--) {
      for (const [label, name] of ['bird', 'airplane', 'truck'].entries()) {
        const raw = { width: 32, height: 32, channels: 3 as const };
        const pixels = smoothPixels(i * 3 + label, 32, 3);
        files[`${split}/${name}/${String(i).padStart(4, '0')}.jpg`] = await sharp(pixels, { raw })
          .jpeg({ quality: 95 })
          .toBuffer();
      }
    }
  }
  return files;
}

/** An IDX file of unsigned bytes, gzipped. */
export function idxGz(shape: readonly number[], data: Uint8Array): Buffer {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header[2] = 8;
  header[3] = shape.length;
  shape.forEach((size, i) => header.writeUInt32BE(size, 4 + 4 * i));
  return gzipSync(Buffer.concat([header, data]));
}

/** Fashion-MNIST's four files in small. */
export function fashionFiles(train: number, test: number): Files {
  const files: Record<string, Buffer> = {};
  for (const [stem, count] of Object.entries({ train, t10k: test })) {
    const pixels = Uint8Array.from({ length: count * 784 }, (_, i) => noiseByte(i + count));
    files[`${stem}-images-idx3-ubyte.gz`] = idxGz([count, 28, 28], pixels);
    files[`${stem}-labels-idx1-ubyte.gz`] = idxGz(
      [count],
      Uint8Array.from({ length: count }, (_, i) => i % 10),
    );
  }
  return files;
}
