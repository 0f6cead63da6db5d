import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { usableCores } from '@selfsup/kit/cpu-quota';
import { UserError } from '@selfsup/kit/errors';
import { canonicalJson, sha256 } from '@selfsup/kit/files';
import { givenPath } from '../../files/named-files.ts';
import { readDatasetConfig } from '../../ingest/dataset-config.ts';
import { resolveSource } from '../../ingest/resolve.ts';
import { evenlySpaced } from '../../loading/subset.ts';
import { DamagedPicture, openPicture } from '../../pictures/decode.ts';
import type { Look, Source, SourceContext, SourceEntry, SourceImage, SourceReading } from '../../source.ts';
import { startPool, type WorkerPool } from '../../workers/worker-pool.ts';
import { pictureOf, type Generator } from './generate.ts';
import { strengthsSchema } from './settings.ts';

const schema = z.strictObject({
  type: z.literal('single-image'),
  /**
   * Pictures to make images of: paths from the folder of `dataset.json`, or else in the folder that `SELFSUP_DATA` names.
   * Where neither this nor `from` is given, the one that comes with Selfsup.
   */
  images: z.array(z.string()).min(1).optional(),
  /**
   * Instead: images of the train split of another dataset, beside this one (deka: 10, kilo: 1,000): the `first` of it, or as
   * many `evenly` apart, which of a split in the order of its classes, as ImageNet's, takes images of all of them.
   */
  from: z
    .strictObject({
      dataset: z.string().regex(/^[\w-]+$/),
      first: z.int().min(1).optional(),
      evenly: z.int().min(1).optional(),
    })
    .refine(({ first, evenly }) => (first === undefined) !== (evenly === undefined), {
      message: 'Give either first or evenly, a number of images',
    })
    .optional(),
  /** Images to train on; the published number is that of ImageNet's, 1,281,167 (50,000 in the study on CIFAR). */
  count: z.int().min(2).default(50_000),
  /** Further images of the same pictures, on which pretext tasks are measured. */
  test: z.int().min(1).default(2_000),
  /** Pixels a side. */
  size: z.int().min(8).max(1024).default(32),
  seed: z.int().min(0).default(1),
  augment: strengthsSchema.prefault({}),
});

type SingleImageConfig = z.infer<typeof schema>;

/** Raise it when the same settings give other pixels than before: it is what the ingest key knows of this code. */
const version = 2;

/** The picture that comes with Selfsup, drawn by scene.ts. */
const bundled = join(import.meta.dirname, 'scene.jpg');

/** A source picture: its name, and its encoded bytes. */
interface Named {
  readonly name: string;
  readonly encoded: Buffer;
}

async function ofDataset(
  { dataset, first, evenly }: NonNullable<SingleImageConfig['from']>,
  context: SourceContext,
): Promise<
  { pictures: () => Promise<Named[]>; fingerprint: string; chosen: string } | { missing: string; remedy: string }
> {
  const count = (first ?? evenly)!;
  const folder = join(context.datasetFolder, '..', dataset);
  const file = join(folder, 'dataset.json');
  const config = await readDatasetConfig(file);
  let resolved;
  try {
    resolved = await resolveSource({ ...context, config, datasetFolder: folder, file });
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const remedy = error.remedy ?? 'Make that dataset available.';
    return { missing: `the dataset ${dataset} cannot be had: ${error.message.replaceAll(/\s+/g, ' ')}`, remedy };
  }
  const pictures = async (): Promise<Named[]> => {
    const reading = await resolved.open();
    const all = reading.entries.flatMap(({ split }, entry) => (split === 'train' ? [entry] : []));
    if (all.length < count) {
      throw new UserError(`${count} images are asked for, the dataset ${dataset} has ${all.length}`, {
        file,
        field: first === undefined ? 'from.evenly' : 'from.first',
        remedy: 'Ask for fewer, or name a larger dataset.',
      });
    }
    const wanted = first === undefined ? evenlySpaced(Uint32Array.from(all), count) : all.slice(0, first);
    const places = new Map(Array.from(wanted, (entry, place) => [entry, place]));
    const found: Named[] = [];
    for await (const image of reading.images((entry) => places.has(entry))) {
      if (!('encoded' in image))
        throw new UserError(`The dataset ${dataset} holds no picture files`, { file, field: 'from' });
      const name = basename(reading.entries[image.entry]!.path);
      found[places.get(image.entry)!] = { name, encoded: Buffer.from(image.encoded) };
    }
    return found;
  };
  const [which, chosen] =
    first === undefined
      ? [{ evenly }, `${evenly} images of ${dataset}, evenly apart`]
      : [{ first }, `the first ${first} images of ${dataset}`];
  return { pictures, fingerprint: sha256(canonicalJson({ ...resolved.identity, ...which })), chosen };
}

/**
 * Gives the number of pictures that are turned upright. Throws `UserError` for one that cannot be read, or is too small to be cut from; those `from` a dataset, a tenth of
 * which are below 256 pixels in ImageNet, may be smaller than the images that are made of them, and are scaled up.
 */
async function checkPictures(pictures: readonly Named[], { size, augment, from }: SingleImageConfig): Promise<number> {
  let turned = 0;
  for (const { name, encoded } of pictures) {
    try {
      const { height, width, ...opened } = await openPicture(encoded, 3);
      if (opened.turned) turned++;
      const side = Math.floor((augment.initialCrop === false ? 1 : augment.initialCrop) * Math.min(height, width));
      if (side < 8 || (from === undefined && Math.min(height, width) < size)) {
        throw new UserError(`The picture is too small: ${width} × ${height} pixels for images of ${size}`, {
          file: name,
          field: 'images',
          remedy: 'Give a larger picture; thousands of pixels a side are best.',
        });
      }
    } catch (error) {
      if (!(error instanceof DamagedPicture)) throw error;
      throw new UserError(`The picture ${error.message}`, { file: name, field: 'images', remedy: 'Give another one.' });
    }
  }
  return turned;
}

/** Images that go to a worker in one message: so that one takes milliseconds, whatever the size. */
const imagesAtOnce = (size: number): number => Math.max(1, Math.min(64, Math.floor(2 ** 19 / size ** 2)));

async function open(pictures: readonly Named[], config: SingleImageConfig): Promise<SourceReading> {
  const { count, test, size, seed, augment } = config;
  if (count <= pictures.length) {
    throw new UserError(`${count} images in all leave none to make of ${pictures.length} pictures`, {
      field: 'count',
      remedy: 'Raise count.',
    });
  }
  const turned = await checkPictures(pictures, config);
  const digits = String(count + test - 1).length;
  const entries = Array.from({ length: count + test }, (_, i): SourceEntry => {
    const { name } = pictures[pictureOf(i, pictures.length, config)]!;
    const path = i < pictures.length ? name : `${String(i).padStart(digits, '0')} of ${name}`;
    return { split: i < count ? 'train' : 'test', label: -1, path };
  });
  const shared = pictures.map(({ encoded }) => {
    const bytes = new Uint8Array(new SharedArrayBuffer(encoded.length));
    bytes.set(encoded);
    return bytes;
  });
  const generator: Generator = { pictures: shared, count, test, size, seed, strengths: augment };
  const image = { height: size, width: size, channels: 3 };
  const reading = turned > 0 ? { reading: { turned } } : {};
  return { classes: [], image, entries, ...reading, images: (wanted) => generated(generator, wanted) };
}

/** All wanted images in order, made by worker threads a few messages ahead. */
async function* generated(generator: Generator, wanted: (entry: number) => boolean): AsyncGenerator<SourceImage> {
  const { count, test, size } = generator;
  const total = count + test;
  const bytes = size ** 2 * 3;
  const workers = Math.min(8, usableCores());
  const pool: WorkerPool<readonly number[], Uint8Array> = startPool(
    workers,
    new URL('./generate-worker.ts', import.meta.url),
    generator,
  );
  const underWay: { indices: readonly number[]; made: Promise<Uint8Array> }[] = [];
  let next = 0;
  const fill = (): void => {
    while (underWay.length < 3 * workers && next < total) {
      const indices: number[] = [];
      for (; next < total && indices.length < imagesAtOnce(size); next++) if (wanted(next)) indices.push(next);
      if (indices.length === 0) continue;
      const made = pool.ask(indices);
      made.catch(() => undefined); // awaited in its turn
      underWay.push({ indices, made });
    }
  };
  try {
    fill();
    for (let group = underWay.shift(); group !== undefined; group = underWay.shift()) {
      const pixels = await group.made;
      fill();
      for (const [place, entry] of group.indices.entries()) {
        const own = pixels.subarray(place * bytes, (place + 1) * bytes);
        yield { entry, pixels: own, height: size, width: size, channels: 3 };
      }
    }
  } finally {
    await Promise.allSettled(underWay.map(({ made }) => made));
    await pool.close();
  }
}

function described(
  config: SingleImageConfig,
  fingerprint: string,
  chosen: string,
  route: string,
  pictures: () => Promise<Named[]>,
): Look {
  const { count, test, size, seed, augment } = config;
  return {
    found: {
      chosen: `${count} images of ${size} × ${size} made of ${chosen}`,
      route,
      settings: { count, test, size, seed, augment },
      fingerprint: sha256(`single-image ${version} ${fingerprint}`),
      open: async () => open(await pictures(), config),
    },
  };
}

/**
 * Many images made of one or a few pictures by strong augmentation (Asano, Rupprecht, Vedaldi 2020): mono, deka and kilo
 * are 1, 10 and 1,000 of them. The first images are the pictures themselves.
 */
const source: Source<SingleImageConfig> = {
  schema,
  async look(config, context) {
    if (config.images !== undefined && config.from !== undefined) {
      throw new UserError('Only one of images and from can be given', { field: 'from', remedy: 'Leave one out.' });
    }
    if (config.from !== undefined) {
      const found = await ofDataset(config.from, context);
      if ('missing' in found) return found;
      return described(config, found.fingerprint, found.chosen, 'made here', found.pictures);
    }
    const paths = config.images?.map((path) => givenPath(path, context)) ?? [bundled];
    const pictures = await Promise.all(
      paths.map(async (path): Promise<Named> => ({ name: basename(path), encoded: await readFile(path) })),
    );
    const fingerprint = sha256(pictures.map(({ name, encoded }) => `${name} ${sha256(encoded)}`).join('\n'));
    const names =
      config.images === undefined ? 'the picture that comes with Selfsup' : pictures.map(({ name }) => name).join(', ');
    return described(config, fingerprint, names, 'made here', () => Promise.resolve(pictures));
  },
};

export default source;
