import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { UserError } from '@selfsup/kit/errors';
import { download } from '../../files/download.ts';
import { joinedFingerprint, treeFingerprint } from '../../files/file-tree.ts';
import { givenPath, inDataFolder } from '../../files/named-files.ts';
import type { FoundSource, Source, SourceContext } from '../../source.ts';
import { belowYear, readVoc, type VocPart, type VocTask } from './read-voc.ts';

const schema = z.strictObject({
  type: z.literal('voc'),
  year: z.enum(['2007', '2012']),
  /** Which lists say what is in a split, and what comes with an image: class flags, boxes, or a mask. */
  task: z.enum(['classification', 'detection', 'segmentation']).default('classification'),
  /** A folder with the official tars, or the extracted VOCdevkit or VOC<year>. */
  path: z.string().optional(),
  /** Whether to fetch the official tars (0.9 and 2 GB) where no file is found. */
  download: z.boolean().default(false),
  /** Another address that holds the tars, such as a mirror of one's own. */
  url: z.url().optional(),
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

/** The tars in a folder, or the extracted year in it; nothing where it has neither. */
function partsIn(folder: string, year: '2007' | '2012', task: VocTask): VocPart[] | undefined {
  const { tars } = official[year];
  const present = tars.filter(({ name }) => existsSync(join(folder, name)));
  if (present.length > 0) return present.map(({ name, splits }) => ({ path: join(folder, name), splits }));
  const own = [folder, join(folder, 'VOCdevkit'), join(folder, `VOC${year}`), join(folder, 'VOCdevkit', `VOC${year}`)];
  const extracted = own.find((one) => existsSync(join(one, 'JPEGImages')));
  if (extracted === undefined) return undefined;
  const lists = join(extracted, 'ImageSets', task === 'segmentation' ? 'Segmentation' : 'Main');
  const all = tars.flatMap(({ splits }) => [...splits]) as string[];
  return [{ path: extracted, splits: all.filter((split) => existsSync(join(lists, `${split}.txt`))) }];
}

async function found(parts: readonly VocPart[], config: VocConfig, memory: SourceContext): Promise<FoundSource> {
  const { year, task } = config;
  const prints: Record<string, string> = {};
  for (const { path, splits } of parts) {
    prints[splits.join('+')] = await treeFingerprint(path, memory, (file) => belowYear(file, year) !== undefined);
  }
  const splits = parts.flatMap((part) => part.splits).join(', ');
  return {
    chosen: `PASCAL VOC ${year}, ${task}: ${splits}`,
    route: parts.map(({ path }) => path).join(', '),
    settings: { year, task },
    fingerprint: joinedFingerprint(prints),
    open: () => readVoc(parts, year, task),
  };
}

/**
 * PASCAL VOC 2007 or 2012 (Everingham et al.): images with boxes and their flags, class flags or masks. Read from the
 * official tars without unpacking them.
 */
const source: Source<VocConfig> = {
  schema,
  async look(config, context: SourceContext) {
    const { year, task } = config;
    const { address, tars } = official[year];
    const names = tars.map(({ name }) => name).join(' and ');
    const { cacheFolder, dataFolder } = context;
    if (config.path !== undefined) {
      const path = givenPath(config.path, context);
      const parts = statSync(path).isDirectory() ? partsIn(path, year, task) : undefined;
      if (parts !== undefined && parts.length > 0) return { found: await found(parts, config, context) };
      throw new UserError(`No PASCAL VOC ${year} lies here`, {
        file: path,
        field: 'path',
        remedy: `Give the folder that holds ${names}, or the extracted VOCdevkit.`,
      });
    }
    const inData = inDataFolder(['VOCdevkit', `VOC${year}`, 'voc', 'VOC'], context);
    for (const folder of [dataFolder, inData, join(cacheFolder, 'downloads', 'voc')]) {
      if (folder === undefined || folder === '' || !existsSync(folder)) continue;
      const parts = partsIn(folder, year, task);
      if (parts !== undefined) return { found: await found(parts, config, context) };
    }
    const remedy =
      `Put ${names} (${address}) into the folder that SELFSUP_DATA names, give the path of their folder, ` +
      'or set "download" to true.';
    if (!config.download) return { missing: `no ${names} in SELFSUP_DATA, and downloading is off`, remedy };
    const to = join(cacheFolder, 'downloads', 'voc');
    for (const { name, md5 } of tars) {
      const base = config.url ?? address;
      const url = new URL(name, base.endsWith('/') ? base : `${base}/`).href;
      const fetched = await download({ url, to: join(to, name), md5, context });
      if ('failed' in fetched) return { missing: `no ${names} in SELFSUP_DATA; ${fetched.failed}`, remedy };
    }
    return { found: await found(partsIn(to, year, task)!, config, context) };
  },
};

export default source;
