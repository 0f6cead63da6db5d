// Reads fuzzed inputs one after another, and says before each which it is: a crash or a hang names its input.
// node --import tsx bench/faults/hostile-child.ts <format> <seed> <from> <to> <folder>
import { readFileSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { checkDatasetConfig } from '@selfsup/data/dataset-config';
import { openPicture } from '@selfsup/data/loose-images';
import { tarOf } from '@selfsup/data/testing/archives';
import {
  archiveMembers,
  readInstances,
  readMatFile,
  readPickle,
  readVocAnnotation,
} from '@selfsup/data/testing/internals';
import { cifarPickle } from '@selfsup/data/testing/pickles';
import { randomKey } from '@selfsup/kit/random';
import { readCheckpoint, writeCheckpoint } from '@selfsup/models/checkpoint';
import { NpyReader, writeNpy } from '@selfsup/numerics/npy';
import { mutated, type Format } from './mutate.ts';
import { jpegs, mat, pngs, tiffs, zip } from './seeds.ts';

const [format, seed, from, to, folder] = process.argv.slice(2) as [Format, string, string, string, string];
const file = (name: string): string => join(folder, name);

/** Seeds of a format, and what reads it. */
async function reader(): Promise<{ seeds: Buffer[]; read(bytes: Buffer): unknown }> {
  const small = { 'a/one.txt': Buffer.from('one'), 'b/two.txt': Buffer.alloc(700, 'two ') };
  const picture = async (bytes: Buffer): Promise<void> => {
    const opened = await openPicture(bytes, 3);
    opened.pixels();
    opened.view({ left: 0, top: 0, right: opened.width, bottom: opened.height }, 16, 16);
  };
  const archive = (name: string) => async (bytes: Buffer) => {
    writeFileSync(file(name), bytes);
    for await (const member of archiveMembers(file(name))) if (member.kind === 'file') await member.content();
  };
  const config = {
    sources: [{ type: 'shapes', size: 16, channels: 3, train: 8, test: 4, seed: 1 }],
    store: { encoding: 'raw', height: 8, width: 8 },
  };
  const coco = {
    images: [{ id: 1, file_name: 'a.jpg', height: 20, width: 30 }],
    categories: [{ id: 3, name: 'cat' }],
    annotations: [{ image_id: 1, category_id: 3, bbox: [1, 2, 5, 6], segmentation: [[1, 2, 3, 4, 5, 6]], iscrowd: 0 }],
  };
  switch (format) {
    case 'jpeg':
      return { seeds: Object.values(await jpegs()), read: picture };
    case 'png':
      return { seeds: Object.values(await pngs()), read: picture };
    case 'tiff':
      return { seeds: Object.values(await tiffs()), read: picture };
    case 'tar':
      return { seeds: [await tarOf(small)], read: archive('x.tar') };
    case 'zip':
      return { seeds: [zip(small)], read: archive('x.zip') };
    case 'pickle':
      return { seeds: [cifarPickle(new Uint8Array(96), 2, { labels: [1, 2] })], read: readPickle };
    case 'mat':
      return { seeds: [mat()], read: readMatFile };
    case 'npy':
      writeNpy(file('seed.npy'), '<f4', [4, 3], new Float32Array(12).fill(0.5));
      return {
        seeds: [readFileSync(file('seed.npy'))],
        read(bytes) {
          writeFileSync(file('x.npy'), bytes);
          const opened = new NpyReader(file('x.npy'));
          try {
            opened.all();
          } finally {
            opened.close();
          }
        },
      };
    case 'safetensors': {
      const tensors = new Map([['encoder/a', { shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) }]]);
      await writeCheckpoint(file('seed.safetensors'), { tensors, metadata: { step: 3 } });
      return {
        seeds: [readFileSync(file('seed.safetensors'))],
        async read(bytes) {
          writeFileSync(file('x.safetensors'), bytes);
          await readCheckpoint(file('x.safetensors'));
        },
      };
    }
    case 'xml': {
      const object =
        '<object><name>cat</name><difficult>0</difficult><bndbox><xmin>1</xmin><ymin>2</ymin><xmax>9</xmax><ymax>8</ymax></bndbox></object>';
      const text = `<?xml version="1.0"?><annotation><size><width>30</width><height>20</height></size>${object}${object}</annotation>`;
      return { seeds: [Buffer.from(text)], read: readVocAnnotation };
    }
    case 'json':
      return {
        seeds: [Buffer.from(JSON.stringify(config)), Buffer.from(JSON.stringify(coco))],
        async read(bytes) {
          try {
            readInstances(bytes);
          } finally {
            await checkDatasetConfig(JSON.parse(bytes.toString('utf8')));
          }
        },
      };
  }
}

const { seeds, read } = await reader();
let refused = 0;
for (let i = Number(from); i < Number(to); i++) {
  const bytes = mutated(seeds, randomKey(Number(seed), format, i));
  writeSync(1, `${i}\n`);
  try {
    await read(bytes);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    refused += 1;
  }
}
const megabytes = Math.round(process.resourceUsage().maxRSS / 1024);
writeFileSync(file('end.json'), JSON.stringify({ refused, megabytes }));
process.exit(0);
