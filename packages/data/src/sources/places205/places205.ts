import { existsSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { UserError } from '@selfsup/kit/errors';
import { joinedFingerprint, treeFingerprint } from '../../files/file-tree.ts';
import { classNames, listedReading, readImageLabels, type ListedImage } from '../../files/listed-images.ts';
import { givenPath } from '../../files/named-files.ts';
import { wantedFiles } from '../../files/wanted-files.ts';
import type { Source, SourceReading } from '../../source.ts';

const schema = z.strictObject({
  type: z.literal('places205'),
  /** The folder that holds the official archives, or what they unpack to. */
  path: z.string().optional(),
});

type Places205Config = z.infer<typeof schema>;

const images = ['imagesPlaces205_resize.tar.gz', 'imagesPlaces205_resize.tar', 'images256', 'data'];
const lists = ['trainvalsplit_places205.tar.gz', 'trainvalsplit_places205'];
const listNames = { train: 'train_places205.csv', val: 'val_places205.csv' };
const remedy =
  'Ask for Places205 at http://places.csail.mit.edu/downloadData.html, and put imagesPlaces205_resize.tar.gz and ' +
  'trainvalsplit_places205.tar.gz into the folder that SELFSUP_DATA names (or a folder places205 below it), or give ' +
  'the path of their folder.';

const isList = (path: string): boolean => Object.values(listNames).includes(basename(path));
const isImage = (path: string): boolean => /\.jpe?g$/i.test(path);

/** `data/vision/torralba/deeplearning/images256/a/abbey/gsun_1.jpg` is `a/abbey/gsun_1.jpg` in the lists. */
const nameOf = (path: string): string => path.replace(/^(?:.*\/)?images256\//, '');

async function readLists(path: string): Promise<ListedImage[]> {
  const reading = await wantedFiles(path, Object.values(listNames), remedy);
  return Object.entries(listNames).flatMap(([split, name]) =>
    reading(name, (content) => readImageLabels(content.toString(), split)),
  );
}

async function open(imagesPath: string, listsPath: string): Promise<SourceReading> {
  const listed = await readLists(listsPath);
  // No list of the classes comes with it: their names are the folders of their images.
  let classes: string[];
  try {
    classes = classNames(listed, (path) => path.split('/').slice(1, -1).join('/'));
  } catch (cause) {
    throw new UserError(`In the lists ${(cause as Error).message}`, {
      file: listsPath,
      field: listNames.train,
      remedy,
      cause,
    });
  }
  return listedReading(listed, [{ path: imagesPath, splits: ['train', 'val'], nameOf }], classes);
}

/**
 * Places205 (Zhou et al. 2014): 2,448,873 + 20,500 photographs of scenes in 205 classes. Its archive is a .tar.gz, which
 * has no index: it is read from its start for each run; unpack or gunzip it where that costs too much.
 */
const source: Source<Places205Config> = {
  schema,
  async look(config, context) {
    const given = config.path === undefined ? undefined : givenPath(config.path, context);
    if (given !== undefined && !statSync(given).isDirectory()) {
      throw new UserError('Not the folder that holds the archives', { file: given, field: 'path', remedy });
    }
    const data = context.dataFolder;
    const folders = given !== undefined ? [given] : data ? [join(data, 'places205'), data] : [];
    for (const folder of folders) {
      const find = (names: readonly string[]): string | undefined =>
        names.map((name) => join(folder, name)).find((path) => existsSync(path));
      const listsPath = find(lists) ?? (existsSync(join(folder, listNames.train)) ? folder : undefined);
      const imagesPath = find(images);
      if (listsPath === undefined || imagesPath === undefined) continue;
      return {
        found: {
          chosen: 'Places205',
          route: `${imagesPath}, ${listsPath}`,
          settings: {},
          fingerprint: joinedFingerprint({
            images: await treeFingerprint(imagesPath, context, isImage),
            lists: await treeFingerprint(listsPath, context, isList),
          }),
          open: () => open(imagesPath, listsPath),
        },
      };
    }
    const missing = `no ${images[0]} with ${lists[0]} ${given === undefined ? 'in SELFSUP_DATA' : 'here'}`;
    if (given !== undefined) throw new UserError(missing, { file: given, field: 'path', remedy });
    return { missing: `${missing}; Places205 is given out on request`, remedy };
  },
};

export default source;
