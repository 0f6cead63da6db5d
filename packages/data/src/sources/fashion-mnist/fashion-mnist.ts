import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { downloadAll } from '../../files/download.ts';
import { givenPath, inDataFolder } from '../../files/named-files.ts';
import { foundIdx, idxFilesIn, idxNames } from '../../formats/idx-files.ts';
import type { FoundSource, Source, SourceContext } from '../../source.ts';
import { debianFolder, fetchDebianPackage, fetchedFolder } from './debian.ts';

const routes = ['files', 'debian', 'official', 'apt'] as const;

const schema = z.strictObject({
  type: z.literal('fashion-mnist'),
  /** A folder with the four IDX files, gzipped or plain. */
  path: z.string().optional(),
  /**
   * Where to look, in this order: `files` in SELFSUP_DATA, the installed `debian` package, the `official` address,
   * Debian's package fetched with `apt` into our own cache (nothing is installed).
   */
  from: z
    .array(z.enum(routes))
    .min(1)
    .default([...routes]),
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

function found(folder: string, route: string, memory: SourceContext): Promise<FoundSource> {
  return foundIdx(folder, route, { title: 'Fashion-MNIST', classes, memory });
}

const officialRoute = 'fetched from the official address';
const aptRoute = "Debian's package, fetched with apt";
const officialFolder = (cacheFolder: string): string => join(cacheFolder, 'downloads', 'fashion-mnist');

/** What an earlier run fetched: it is taken before the network is asked again. */
function fetchedBefore(config: FashionMnistConfig, cacheFolder: string): { folder: string; route: string } | undefined {
  const isWhole = (folder: string): boolean => idxFilesIn(folder).lacking.length === 0;
  if (config.from.includes('official') && isWhole(officialFolder(cacheFolder))) {
    return { folder: officialFolder(cacheFolder), route: officialRoute };
  }
  if (config.from.includes('apt') && isWhole(fetchedFolder(cacheFolder))) {
    return { folder: fetchedFolder(cacheFolder), route: aptRoute };
  }
  return undefined;
}

/** Each route gives the folder with the four files, or says why it leads nowhere. */
const look: Record<
  (typeof routes)[number],
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
    const installed = existsSync(debianFolder) && idxFilesIn(debianFolder).lacking.length === 0;
    if (installed) return { folder: debianFolder, route: `installed Debian package (${debianFolder})` };
    return { failed: "Debian's dataset-fashion-mnist is not installed" };
  },
  async official(config, context) {
    const folder = officialFolder(context.cacheFolder);
    const address = config.url ?? officialAddress;
    const refused = await downloadAll(address, Object.entries(officialFiles), folder, context);
    return refused ?? { folder, route: officialRoute };
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
      return { found: await found(folder, folder, context) };
    }
    const reasons: string[] = [];
    for (const name of config.from) {
      const before = name === 'official' || name === 'apt' ? fetchedBefore(config, context.cacheFolder) : undefined;
      if (before !== undefined) return { found: await found(before.folder, before.route, context) };
      const result = await look[name](config, context);
      if ('folder' in result) return { found: await found(result.folder, result.route, context) };
      reasons.push(result.failed);
    }
    return {
      missing: reasons.join('; '),
      remedy: `Put ${idxNames.join(', ')} into a folder fashion-mnist below the one that SELFSUP_DATA names, or give their folder as path.`,
    };
  },
};

export default source;
