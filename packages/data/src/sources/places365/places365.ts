import { existsSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { UserError } from '@selfsup/kit/errors';
import { downloadAll } from '../../files/download.ts';
import { joinedFingerprint, treeFingerprint } from '../../files/file-tree.ts';
import {
  classNames,
  listedReading,
  readImageLabels,
  type ImageContainer,
  type ListedImage,
} from '../../files/listed-images.ts';
import { givenPath } from '../../files/named-files.ts';
import { wantedFiles } from '../../files/wanted-files.ts';
import type { Source, SourceReading } from '../../source.ts';

const schema = z.strictObject({
  type: z.literal('places365'),
  /** The folder that holds the official archives, or what they unpack to. */
  path: z.string().optional(),
  /** Images of 256 × 256 pixels, or of their own size. */
  images: z.enum(['small', 'large']).default('small'),
  splits: z
    .array(z.enum(['train', 'val']))
    .min(1)
    .default(['train', 'val']),
  /** Whether to fetch the official archives (small: 25 GB, large: 107 GB) where they are not found. */
  download: z.boolean().default(false),
  /** Another address that holds them, such as a mirror of one's own. */
  url: z.url().optional(),
});

type Places365Config = z.infer<typeof schema>;

/** Names and checksums as torchvision publishes them. */
const address = 'http://data.csail.mit.edu/places/places365/';
const lists = { name: 'filelist_places365-standard.tar', md5: '35a0585fee1fa656440f3ab298f8479c' };
const archives = {
  small: {
    train: { name: 'train_256_places365standard.tar', md5: '53ca1c756c3d1e7809517cc47c5561c5', folder: 'data_256' },
    val: { name: 'val_256.tar', md5: 'e27b17d8d44f4af9a78502beb927f808', folder: 'val_256' },
  },
  large: {
    train: { name: 'train_large_places365standard.tar', md5: '67e186b496a84c929568076ed01a8aa1', folder: 'data_large' },
    val: { name: 'val_large.tar', md5: '9b71c4993ad89d2d8bcbdc4aef38042f', folder: 'val_large' },
  },
} as const;
const listNames = { train: 'places365_train_standard.txt', val: 'places365_val.txt' };
const categories = 'categories_places365.txt';

/** The archive of a split, or what it unpacks to, in a folder. */
function imagesIn(folder: string, { images }: Places365Config, split: 'train' | 'val'): string | undefined {
  const { name, folder: unpacked } = archives[images][split];
  const renamed = `${unpacked}_standard`; // as torchvision calls the folder
  return [name, unpacked, renamed].map((one) => join(folder, one)).find((path) => existsSync(path));
}

function listsIn(folder: string): string | undefined {
  const archive = join(folder, lists.name);
  if (existsSync(archive)) return archive;
  return existsSync(join(folder, categories)) ? folder : undefined;
}

const listFiles = [categories, ...Object.values(listNames)];
const isList = (path: string): boolean => listFiles.includes(basename(path));

async function readLists(path: string, splits: readonly ('train' | 'val')[]): Promise<[string[], ListedImage[]]> {
  const remedy = `Fetch ${lists.name} again and compare its checksum.`;
  const reading = await wantedFiles(path, listFiles, remedy);
  const classes = reading(categories, (content) =>
    classNames(readImageLabels(content.toString(), ''), (name) => name.replace(/^\w\//, '')),
  );
  const listed = splits.flatMap((split) =>
    reading(listNames[split], (content) => readImageLabels(content.toString(), split, classes.length)),
  );
  return [classes, listed];
}

async function open(found: Readonly<Record<string, string>>, config: Places365Config): Promise<SourceReading> {
  const [classes, listed] = await readLists(found['lists']!, config.splits);
  const parts = config.splits.map((split): ImageContainer => {
    const { folder } = archives[config.images][split];
    const inside = new RegExp(`^(?:.*/)?${folder}(?:_standard)?/`);
    return { path: found[split]!, splits: [split], nameOf: (path) => path.replace(inside, '') };
  });
  return listedReading(listed, parts, classes);
}

/**
 * Places365-Standard (Zhou et al. 2017): 1,803,460 + 36,500 photographs of scenes in 365 classes, from the official tars
 * without unpacking them, or extracted folders.
 */
const source: Source<Places365Config> = {
  schema,
  async look(config, context) {
    const given = config.path === undefined ? undefined : givenPath(config.path, context);
    const needed = [lists.name, ...config.splits.map((split) => archives[config.images][split].name)];
    const remedy =
      `Put ${needed.join(', ')} (${address}; see http://places2.csail.mit.edu for the terms) into the folder that ` +
      'SELFSUP_DATA names or a folder places365 below it, give the path of their folder, or set "download" to true.';
    if (given !== undefined && !statSync(given).isDirectory()) {
      throw new UserError('Not the folder that holds the archives', { file: given, field: 'path', remedy });
    }
    const { dataFolder, cacheFolder } = context;
    const fetched = join(cacheFolder, 'downloads', 'places365');
    const data = dataFolder ? [join(dataFolder, 'places365'), dataFolder] : [];
    const foundIn = (folder: string): { found: Record<string, string>; lacking: string[] } => {
      const found: Record<string, string> = {};
      const lacking: string[] = [];
      for (const part of ['lists', ...config.splits] as const) {
        const path = part === 'lists' ? listsIn(folder) : imagesIn(folder, config, part);
        if (path === undefined) lacking.push(part === 'lists' ? lists.name : archives[config.images][part].name);
        else found[part] = path;
      }
      return { found, lacking };
    };
    const result = async (found: Readonly<Record<string, string>>) => {
      const prints: Record<string, string> = {};
      for (const [part, path] of Object.entries(found)) {
        prints[part] = await treeFingerprint(path, context, part === 'lists' ? isList : undefined);
      }
      return {
        found: {
          chosen: `Places365-Standard, ${config.images} images: ${config.splits.join(', ')}`,
          route: Object.values(found).join(', '),
          settings: { images: config.images, splits: config.splits },
          fingerprint: joinedFingerprint(prints),
          open: () => open(found, config),
        },
      };
    };
    for (const folder of given === undefined ? [...data, fetched] : [given]) {
      const { found, lacking } = foundIn(folder);
      if (lacking.length === 0) return result(found);
      if (given !== undefined) {
        throw new UserError(`${lacking.join(', ')} missing`, { file: given, field: 'path', remedy });
      }
    }
    if (!config.download) return { missing: `no ${needed.join(', ')} in SELFSUP_DATA, downloading is off`, remedy };
    const wanted = [lists, ...config.splits.map((split) => archives[config.images][split])];
    const files = wanted.map(({ name, md5 }) => [name, md5] as const);
    const refused = await downloadAll(config.url ?? address, files, fetched, context);
    if (refused !== undefined) {
      return { missing: `no ${needed.join(', ')} in SELFSUP_DATA; ${refused.failed}`, remedy };
    }
    return result(foundIn(fetched).found);
  },
};

export default source;
