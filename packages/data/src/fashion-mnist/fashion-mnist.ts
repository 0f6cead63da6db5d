import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '@selfsup/engine/errors';
import { sha256 } from '@selfsup/engine/files';
import { z } from 'zod';
import { download } from '../download.ts';
import { fileDigest } from '../fingerprint.ts';
import { givenPath, inDataFolder } from '../named-files.ts';
import type { FoundSource, Source, SourceContext, SourceEntry, SourceImage, SourceReading } from '../source.ts';
import { debianFolder, fetchDebianPackage, fetchedFolder } from './debian.ts';
import { readIdx } from './idx.ts';

const roads = ['files', 'debian', 'official', 'apt'] as const;

const schema = z.strictObject({
  type: z.literal('fashion-mnist'),
  /** A folder with the four IDX files, gzipped or plain. */
  path: z.string().optional(),
  /**
   * Where to look, in this order: `files` in SELFSUP_DATA, the installed `debian` package, the `official` address,
   * Debian's package fetched with `apt` into our own cache (nothing is installed).
   */
  from: z
    .array(z.enum(roads))
    .min(1)
    .default([...roads]),
  /** Another address that holds the four official files, such as a mirror of one's own. */
  url: z.url().optional(),
});

type FashionMnistConfig = z.infer<typeof schema>;

/** Address, names and md5s as published in https://github.com/zalandoresearch/fashion-mnist */
const officialAddress = 'http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/';
const officialFiles = {
  'train-images-idx3-ubyte.gz': '8d4fb7e6c68d591d4c3dfef9ec88bf0d',
  'train-labels-idx1-ubyte.gz': '25c81989df183df01b3e8a0aad5dffbe',
  't10k-images-idx3-ubyte.gz': 'bef4ecab320f06d8554ea6380940ec79',
  't10k-labels-idx1-ubyte.gz': 'bb300cfdad3c16e7a12a480ee83cd310',
};
const fileNames = Object.keys(officialFiles);

const classes = [
  'T-shirt/top',
  'Trouser',
  'Pullover',
  'Dress',
  'Coat',
  'Sandal',
  'Shirt',
  'Sneaker',
  'Bag',
  'Ankle boot',
];

/** The four files in a folder, gzipped or plain; those that lack are named. */
function filesIn(folder: string): { files: Record<string, string>; lacking: string[] } {
  const files: Record<string, string> = {};
  const lacking: string[] = [];
  for (const name of fileNames) {
    const plain = name.replace(/\.gz$/, '');
    const path = [join(folder, name), join(folder, plain)].find((one) => existsSync(one));
    if (path === undefined) lacking.push(name);
    else files[plain] = path;
  }
  return { files, lacking };
}

async function openFiles(files: Readonly<Record<string, string>>): Promise<SourceReading> {
  const entries: SourceEntry[] = [];
  const places: { data: Uint8Array; at: number }[] = [];
  let size: { height: number; width: number } | undefined;
  for (const [split, stem] of [
    ['train', 'train'],
    ['test', 't10k'],
  ] as const) {
    const imageFile = files[`${stem}-images-idx3-ubyte`]!;
    const labelFile = files[`${stem}-labels-idx1-ubyte`]!;
    const images = await readIdx(imageFile, 3);
    const labels = await readIdx(labelFile, 1);
    const [count = 0, height = 0, width = 0] = images.shape;
    size ??= { height, width };
    const remedy = 'Fetch the files again: they do not belong together.';
    if (labels.shape[0] !== count) {
      throw new UserError(`${labels.shape[0]} labels for ${count} images`, { file: labelFile, remedy });
    }
    if (height !== size.height || width !== size.width) {
      throw new UserError(`Images of ${height} × ${width} beside ${size.height} × ${size.width}`, {
        file: imageFile,
        remedy,
      });
    }
    for (let i = 0; i < count; i++) {
      const label = labels.data[i]!;
      if (label >= classes.length) {
        throw new UserError(`Label ${i} is ${label}, above ${classes.length - 1}`, { file: labelFile, remedy });
      }
      entries.push({ split, label, path: `${stem}-images-idx3-ubyte#${i}` });
      places.push({ data: images.data, at: i * height * width });
    }
  }
  const { height, width } = size!;
  async function* images(wanted: (entry: number) => boolean): AsyncGenerator<SourceImage> {
    for (const [entry, { data, at }] of places.entries()) {
      if (wanted(entry)) yield { entry, pixels: data.subarray(at, at + height * width), height, width, channels: 1 };
    }
  }
  return { classes, image: { height, width, channels: 1 }, entries, images };
}

async function found(folder: string, route: string, cacheFolder: string): Promise<FoundSource> {
  const { files, lacking } = filesIn(folder);
  if (lacking.length > 0) {
    throw new UserError(`${lacking.join(', ')} missing`, {
      file: folder,
      remedy: `Put all four files there: ${fileNames.join(', ')}.`,
    });
  }
  const digests: string[] = [];
  for (const [name, path] of Object.entries(files)) {
    // Of the unpacked content: Debian packs the same bytes anew, so its .gz files differ from the official ones.
    const digest = await fileDigest(path, cacheFolder, path.endsWith('.gz')).catch((cause: unknown) => {
      const file = path;
      const remedy = 'Fetch the file again and compare its checksum with the published one.';
      throw new UserError(`The file is cut off or damaged: ${(cause as Error).message}`, { file, remedy, cause });
    });
    digests.push(`${name} ${digest}`);
  }
  return {
    chosen: 'Fashion-MNIST, the four IDX files',
    route,
    settings: {},
    fingerprint: sha256(digests.join('\n')),
    open: () => openFiles(files),
  };
}

const officialRoute = 'fetched from the official address';
const aptRoute = "Debian's package, fetched with apt";
const officialFolder = (cacheFolder: string): string => join(cacheFolder, 'downloads', 'fashion-mnist');

/** What an earlier run fetched: it is taken before the network is asked again. */
function fetchedBefore(config: FashionMnistConfig, cacheFolder: string): { folder: string; route: string } | undefined {
  const isWhole = (folder: string): boolean => filesIn(folder).lacking.length === 0;
  if (config.from.includes('official') && isWhole(officialFolder(cacheFolder))) {
    return { folder: officialFolder(cacheFolder), route: officialRoute };
  }
  if (config.from.includes('apt') && isWhole(fetchedFolder(cacheFolder))) {
    return { folder: fetchedFolder(cacheFolder), route: aptRoute };
  }
  return undefined;
}

/** Each road gives the folder with the four files, or says why it leads nowhere. */
const look: Record<
  (typeof roads)[number],
  (
    config: FashionMnistConfig,
    context: SourceContext,
  ) => Promise<{ folder: string; route: string } | { failed: string }>
> = {
  async files(_config, context) {
    // Only in a folder of that name: loose in the data folder, files of these names may as well be MNIST's.
    const folder = inDataFolder(['fashion-mnist'], context);
    if (folder !== undefined) return { folder, route: folder };
    return { failed: 'no folder fashion-mnist in SELFSUP_DATA' };
  },
  async debian() {
    const installed = existsSync(debianFolder) && filesIn(debianFolder).lacking.length === 0;
    if (installed) return { folder: debianFolder, route: `installed Debian package (${debianFolder})` };
    return { failed: "Debian's dataset-fashion-mnist is not installed" };
  },
  async official(config, context) {
    const folder = officialFolder(context.cacheFolder);
    const address = config.url ?? officialAddress;
    for (const [name, md5] of Object.entries(officialFiles)) {
      const url = new URL(name, address.endsWith('/') ? address : `${address}/`).href;
      const fetched = await download({ url, to: join(folder, name), md5, context });
      if ('failed' in fetched) return fetched;
    }
    return { folder, route: officialRoute };
  },
  async apt(_config, context) {
    const fetched = await fetchDebianPackage(context);
    return 'failed' in fetched ? fetched : { folder: fetched.folder, route: aptRoute };
  },
};

const source: Source<FashionMnistConfig> = {
  schema,
  async look(config, context) {
    if (config.path !== undefined) {
      const folder = givenPath(config.path, context);
      return { found: await found(folder, folder, context.cacheFolder) };
    }
    const reasons: string[] = [];
    for (const road of config.from) {
      const before = road === 'official' || road === 'apt' ? fetchedBefore(config, context.cacheFolder) : undefined;
      if (before !== undefined) return { found: await found(before.folder, before.route, context.cacheFolder) };
      const result = await look[road](config, context);
      if ('folder' in result) return { found: await found(result.folder, result.route, context.cacheFolder) };
      reasons.push(result.failed);
    }
    return {
      missing: reasons.join('; '),
      remedy: `Put ${fileNames.join(', ')} into a folder fashion-mnist below the one that SELFSUP_DATA names, or give their folder as path.`,
    };
  },
};

export default source;
