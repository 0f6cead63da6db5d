import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { UserError } from '@selfsup/engine/errors';
import { z } from 'zod';
import { isTar, readTar } from '../archive.ts';
import { download } from '../download.ts';
import { fileDigest, folderDigest } from '../fingerprint.ts';
import { givenPath, inDataFolder } from '../named-files.ts';
import type { FoundSource, Source, SourceContext } from '../source.ts';
import { isBinaryBatch, openBinary } from './binary.ts';
import { isTreeImage, openTree } from './jpeg-tree.ts';

const schema = z.strictObject({
  type: z.literal('cifar10'),
  /**
   * The official binary archive, a folder with its .bin files, a folder with train/<class>/*.jpg and test/…, or a
   * tar, tar.gz or tar.xz of such a folder.
   */
  path: z.string().optional(),
  /** Whether to fetch the official archive where no file is found; true by default. */
  download: z.boolean().default(true),
  /** Another address of the official archive, such as a mirror of one's own. */
  url: z.url().optional(),
});

type Cifar10Config = z.infer<typeof schema>;

/** In the order of the official labels, which is that of the alphabet. */
const classes = ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'];
const image = { height: 32, width: 32, channels: 3 };

/** From https://www.cs.toronto.edu/~kriz/cifar.html */
const official = {
  url: 'https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz',
  md5: 'c32a1d4ab5d03f1284b67883e8d87530',
};

const knownNames = [
  'cifar-10-binary.tar.gz',
  'cifar-10-batches-bin',
  'cifar10-jpeg.tar.xz',
  'cifar10-jpeg.tar.gz',
  'cifar10-jpeg.tar',
  'cifar10-jpeg',
  'cifar10',
];

const binaryWords = 'CIFAR-10, official binary version';
const treeWords = 'CIFAR-10 as a tree of image files';

/** The folder that holds the .bin files: `path` itself or the one the official archive unpacks to. */
async function binaryFolder(path: string): Promise<string | undefined> {
  for (const folder of [path, join(path, 'cifar-10-batches-bin')]) {
    const names = await readdir(folder).catch(() => []);
    if (names.some(isBinaryBatch)) return folder;
  }
  return undefined;
}

async function archiveHoldsBinary(path: string): Promise<boolean> {
  for await (const file of readTar(path)) {
    if (isBinaryBatch(file.path)) return true;
    if (isTreeImage(file.path)) return false;
  }
  return false;
}

async function found(path: string, cacheFolder: string): Promise<FoundSource> {
  if ((await stat(path)).isDirectory()) {
    const binary = await binaryFolder(path);
    if (binary !== undefined) {
      return {
        chosen: binaryWords,
        route: binary,
        settings: {},
        fingerprint: await folderDigest(binary, cacheFolder, isBinaryBatch),
        open: () => openBinary(binary, false, classes),
      };
    }
    return {
      chosen: treeWords,
      route: path,
      settings: {},
      fingerprint: await folderDigest(path, cacheFolder, isTreeImage),
      open: () => openTree(path, classes, image),
    };
  }
  if (!isTar(path)) {
    throw new UserError('Not a form in which CIFAR-10 comes', {
      file: path,
      field: 'path',
      remedy: 'Give cifar-10-binary.tar.gz, a folder of its .bin files, or a train/<class>/*.jpg tree or a tar of it.',
    });
  }
  const isBinary = await archiveHoldsBinary(path);
  return {
    chosen: isBinary ? binaryWords : treeWords,
    route: path,
    settings: {},
    fingerprint: await fileDigest(path, cacheFolder),
    open: () => (isBinary ? openBinary(path, true, classes) : openTree(path, classes, image)),
  };
}

const source: Source<Cifar10Config> = {
  schema,
  async look(config, context: SourceContext) {
    const { cacheFolder } = context;
    const path = config.path === undefined ? inDataFolder(knownNames, context) : givenPath(config.path, context);
    if (path !== undefined) return { found: await found(path, cacheFolder) };
    const remedy =
      `Put cifar-10-binary.tar.gz (${official.url}) or cifar10-jpeg.tar.xz into the folder that SELFSUP_DATA names, ` +
      'or give its path.';
    if (!config.download) return { missing: 'no file of it in SELFSUP_DATA, and downloading is off', remedy };
    const url = config.url ?? official.url;
    const to = join(cacheFolder, 'downloads', 'cifar10', basename(official.url));
    const fetched = await download({ url, to, md5: official.md5, context });
    if ('failed' in fetched) return { missing: `no file of it in SELFSUP_DATA; ${fetched.failed}`, remedy };
    return { found: await found(to, cacheFolder) };
  },
};

export default source;
