import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { z } from 'zod';
import { UserError } from '@selfsup/kit/errors';
import { isArchive } from '../../archives/archive.ts';
import { downloadAll } from '../../files/download.ts';
import { joinedFingerprint, treeFingerprint } from '../../files/file-tree.ts';
import { givenPath, inDataFolder } from '../../files/named-files.ts';
import type { FoundSource, Look, Source, SourceContext } from '../../source.ts';
import { vocClasses } from './classes.ts';
import { belowRoot, extractedIn, usualSplits } from './layout.ts';
import { readImageList } from './lists.ts';
import { readVoc, type VocPart } from './read-voc.ts';

const schema = z
  .strictObject({
    type: z.literal('voc'),
    /** A year of the challenge: its classes, its folder `VOC<year>`, and its official tars. Others give a path. */
    year: z.enum(['2007', '2012']).optional(),
    /** Which lists say what is in a split, and what comes with an image: class flags and boxes, boxes, or a mask. */
    task: z.enum(['classification', 'detection', 'segmentation']).default('classification'),
    /** A folder or an archive of a dataset in VOC's layout; of a year also the folder with its official tars. */
    path: z.string().optional(),
    /** The name of such a folder or archive in the folder that SELFSUP_DATA names; passed over where it is not there. */
    inData: z.string().optional(),
    /** The folder of the dataset where several lie in the path. */
    folder: z
      .string()
      .regex(/^[^/\\]+$/, 'must be the name of a folder')
      .optional(),
    /** In the order of their indices, for segmentation the background among them. Those of the objects where absent. */
    classes: z
      .array(z.string().min(1))
      .min(1)
      .max(255)
      .refine((names) => new Set(names).size === names.length, 'a class is named twice')
      .optional(),
    /** Lists that become splits, such as `trainval` or `seg11valid`; train, val and test as far as they are there where absent. */
    splits: z
      .array(z.string().regex(/^[\w-]+$/))
      .min(1)
      .optional(),
    /** A file with a name of an image a line, beside dataset.json, that are left out: those that another dataset tests on. */
    leaveOut: z.string().optional(),
    /** Whether to fetch the official tars (0.9 and 2 GB) where no file is found. */
    download: z.boolean().default(false),
    /** Another address that holds the tars, such as a mirror of one's own. */
    url: z.url().optional(),
  })
  .refine(({ year, path, inData }) => [year, path, inData].some((given) => given !== undefined), {
    path: ['path'],
    message: 'is needed where no year is given',
  })
  .refine(({ task, year, classes }) => task !== 'segmentation' || year !== undefined || classes !== undefined, {
    path: ['classes'],
    message: 'are needed for segmentation: masks have numbers, not names',
  });

type VocConfig = z.infer<typeof schema>;

/** Names and checksums as torchvision publishes them; VOC 2012 has no public annotations of its test images. */
const official = {
  '2007': {
    address: 'http://host.robots.ox.ac.uk/pascal/VOC/voc2007/',
    tars: [
      { name: 'VOCtrainval_06-Nov-2007.tar', md5: 'c52e279531787c972589f7e41ab4ae64', splits: ['train', 'val'] },
      { name: 'VOCtest_06-Nov-2007.tar', md5: 'b6e924de25625d8de591ea690078ad9f', splits: ['test'] },
    ],
  },
  '2012': {
    address: 'http://host.robots.ox.ac.uk/pascal/VOC/voc2012/',
    tars: [{ name: 'VOCtrainval_11-May-2012.tar', md5: '6cd6e144f989b92b3379bac3b3de84fd', splits: ['train', 'val'] }],
  },
} as const;

type Year = keyof typeof official;

/** The official tars in a folder, or the dataset in it; an archive is a part of its own. Nothing where it has neither. */
function partsIn(path: string, { year, folder, splits, task }: VocConfig): VocPart[] | undefined {
  if (!statSync(path).isDirectory()) return isArchive(path) ? [{ path, splits }] : undefined;
  const tars = year === undefined ? [] : official[year].tars.filter(({ name }) => existsSync(join(path, name)));
  if (tars.length > 0) return tars.map((tar) => ({ path: join(path, tar.name), splits: wantedOf(tar.splits, splits) }));
  const extracted = extractedIn(path, folder ?? (year && `VOC${year}`));
  if (extracted === undefined) return undefined;
  const lists = join(extracted, 'ImageSets', task === 'segmentation' ? 'Segmentation' : 'Main');
  const listed = existsSync(lists) ? readdirSync(lists).filter((name) => name.endsWith('.txt')) : [];
  const usual = listed.length > 0 ? usualSplits(listed.map((name) => basename(name, '.txt'))) : undefined;
  return [{ path: extracted, splits: splits ?? usual }];
}

/** Of the splits that were asked for those that a tar has: all but `test` lie in that of train and val. */
function wantedOf(inTar: readonly string[], asked: readonly string[] | undefined): readonly string[] {
  if (asked === undefined) return inTar;
  return asked.filter((split) => inTar.includes('test') === (split === 'test'));
}

/** The twenty, behind the background where there are masks. */
function classesOf({ year, task, classes }: VocConfig): readonly string[] | undefined {
  if (classes !== undefined || year === undefined) return classes;
  return task === 'segmentation' ? ['background', ...vocClasses] : vocClasses;
}

/** The names in the file of those that are left out. Throws `UserError` where it cannot be read. */
function namesLeftOut({ leaveOut }: VocConfig, { datasetFolder }: SourceContext): readonly string[] | undefined {
  if (leaveOut === undefined) return undefined;
  const file = resolve(datasetFolder, leaveOut);
  try {
    return readImageList(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new UserError(`The names to leave out cannot be read: ${(cause as Error).message}`, {
      file,
      field: 'leaveOut',
      remedy: 'Write a name of an image a line, as "selfsup inspect --against … --names …" does.',
      cause,
    });
  }
}

async function found(parts: readonly VocPart[], config: VocConfig, memory: SourceContext): Promise<FoundSource> {
  const { year, task, splits: asked, classes } = config;
  const leaveOut = namesLeftOut(config, memory);
  const folder = config.folder ?? (year && `VOC${year}`);
  const prints: Record<string, string> = {};
  for (const { path, splits } of parts) {
    prints[(splits ?? []).join('+')] = await treeFingerprint(
      path,
      memory,
      (file) => belowRoot(file, folder) !== undefined,
    );
  }
  const splits = parts.flatMap((part) => part.splits ?? []).join(', ');
  const what = year === undefined ? `${basename(parts[0]!.path)} in VOC's layout` : `PASCAL VOC ${year}`;
  return {
    chosen: `${what}, ${task}${splits === '' ? '' : `: ${splits}`}`,
    route: parts.map(({ path }) => path).join(', '),
    settings: {
      ...(year && { year }),
      task,
      ...(config.folder !== undefined && { folder: config.folder }),
      ...(classes && { classes }),
      ...(asked && { splits: asked }),
      ...(leaveOut && { leaveOut: [...leaveOut].sort() }),
    },
    fingerprint: joinedFingerprint(prints),
    open: () => readVoc({ parts, task, folder, classes: classesOf(config), leaveOut, official: year !== undefined }),
  };
}

/** Says which official tars to put where; fetches them where that is asked for. */
async function officialTars(year: Year, config: VocConfig, context: SourceContext): Promise<Look> {
  const { address, tars } = official[year];
  const { cacheFolder, dataFolder } = context;
  const names = namesOf(year);
  const inData = inDataFolder(['VOCdevkit', `VOC${year}`, 'voc', 'VOC'], context);
  for (const folder of [dataFolder, inData, join(cacheFolder, 'downloads', 'voc')]) {
    if (folder === undefined || folder === '' || !existsSync(folder)) continue;
    const parts = partsIn(folder, config);
    if (parts !== undefined) return { found: await found(parts, config, context) };
  }
  const remedy =
    `Put ${names} (${address}) into the folder that SELFSUP_DATA names, give the path of their folder, ` +
    'or set "download" to true.';
  if (!config.download) return { missing: `no ${names} in SELFSUP_DATA, and downloading is off`, remedy };
  const to = join(cacheFolder, 'downloads', 'voc');
  const files = tars.map(({ name, md5 }) => [name, md5] as const);
  const refused = await downloadAll(config.url ?? address, files, to, context);
  if (refused !== undefined) return { missing: `no ${names} in SELFSUP_DATA; ${refused.failed}`, remedy };
  return { found: await found(partsIn(to, config)!, config, context) };
}

const namesOf = (year: Year): string => official[year].tars.map(({ name }) => name).join(' and ');

/**
 * PASCAL VOC 2007 or 2012 (Everingham et al.), and any dataset in its layout: images with boxes and their flags, class flags
 * or masks. Archives are read without unpacking them.
 */
const source: Source<VocConfig> = {
  schema,
  async look(config, context: SourceContext) {
    const { year, inData } = config;
    if (config.path === undefined && inData === undefined) return officialTars(year!, config, context);
    const path = config.path === undefined ? inDataFolder([inData!], context) : givenPath(config.path, context);
    if (path === undefined) {
      return {
        missing: `no ${inData} in SELFSUP_DATA`,
        remedy: `Put ${inData} into the folder that SELFSUP_DATA names.`,
      };
    }
    const parts = partsIn(path, config);
    if (parts !== undefined && parts.length > 0) return { found: await found(parts, config, context) };
    throw new UserError(
      year === undefined ? "No dataset in VOC's layout lies here" : `No PASCAL VOC ${year} lies here`,
      {
        file: path,
        field: 'path',
        remedy:
          year === undefined
            ? 'Give a folder or an archive with JPEGImages, Annotations and ImageSets in it.'
            : `Give the folder that holds ${namesOf(year)}, the extracted VOCdevkit, or an archive of it.`,
      },
    );
  },
};

export default source;
