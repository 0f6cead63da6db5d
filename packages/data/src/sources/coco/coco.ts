import { basename } from 'node:path';
import { z } from 'zod';
import { UserError } from '@selfsup/kit/errors';
import { openFileTree, treeFingerprint, type FileTree } from '../../files/file-tree.ts';
import { givenPath } from '../../files/named-files.ts';
import { objectWarnings } from '../../ingest/object-classes.ts';
import { jpegSize } from '../../pictures/jpeg-size.ts';
import { pictureFiles } from '../../pictures/picture-files.ts';
import type { Source, SourceEntry, SourceImage, SourceReading } from '../../source.ts';
import { readInstances, type CocoImage, type CocoInstances } from './instances.ts';
import { maskOf } from './segments.ts';

const splitSchema = z.strictObject({
  /** The file of its instances, by the end of its path. */
  annotations: z.string(),
  /** The folder of its images, where names alone do not tell them apart. */
  images: z.string().optional(),
});

const schema = z.strictObject({
  type: z.literal('coco'),
  /** A folder or an archive that holds the annotations and the images. */
  path: z.string(),
  /** By default each `instances_<split>.json`, a year behind its name left out, with the images of the folder `<split>`. */
  splits: z.record(z.string().regex(/^[\w-]+$/), splitSchema).optional(),
  /** Make masks of the pixels of objects; the first class is the background then. */
  masks: z.boolean().default(false),
});

type CocoConfig = z.infer<typeof schema>;

interface Split extends z.infer<typeof splitSchema> {
  readonly split: string;
}

/** A mask has a byte a pixel: the background and void are two of its values. */
const mostClasses = 254;
const remedy = 'Correct the file, or fetch it again.';
const isJson = (path: string): boolean => path.endsWith('.json');
const keep = (path: string): boolean | 'if picture' => isJson(path) || pictureFiles(path);

/** The splits that are taken, each with the path of its annotations. */
function splitsIn(tree: FileTree, path: string, { splits }: CocoConfig): Split[] {
  const files = tree.paths.filter(isJson);
  if (splits === undefined) {
    const found = files.flatMap((file) => {
      const [, images, split] = /^instances_((.+?)(?:\d{4})?)\.json$/.exec(basename(file)) ?? [];
      return split === undefined ? [] : [{ split, annotations: file, images: images! }];
    });
    if (found.length > 0 && new Set(found.map(({ split }) => split)).size === found.length) return found;
    throw new UserError(`There are ${found.length === 0 ? 'no' : 'several'} instances_<split>.json here`, {
      file: path,
      field: 'splits',
      remedy: 'Name the annotations of each split, such as "splits": { "train": { "annotations": "train.json" } }.',
    });
  }
  return Object.entries(splits).map(([split, { annotations, images }]) => {
    const named = files.filter((file) => file === annotations || file.endsWith(`/${annotations}`));
    if (named.length === 1) return { split, annotations: named[0]!, ...(images !== undefined && { images }) };
    throw new UserError(`There are ${named.length} files ${annotations}`, {
      file: path,
      field: `splits.${split}.annotations`,
      remedy: 'Give the path of one.',
    });
  });
}

/** Finds the images that annotations name: by the end of their path and, where several have it, by their folder. */
function finder(tree: FileTree, path: string) {
  const byName = new Map<string, string[]>();
  for (const one of tree.paths) byName.set(basename(one), [...(byName.get(basename(one)) ?? []), one]);
  return (file: string, { annotations, images }: Split): string => {
    const named = (byName.get(basename(file)) ?? []).filter((one) => `/${one}`.endsWith(`/${file}`));
    const inFolder = named.filter((one) => images !== undefined && `/${one}`.endsWith(`/${images}/${file}`));
    const found = inFolder.length > 0 ? inFolder : named;
    if (found.length === 1) return found[0]!;
    throw new UserError(`${annotations} names ${file}: ${found.length === 0 ? 'it is missing' : 'it is there twice'}`, {
      file: path,
      field: file,
      remedy: found.length === 0 ? remedy : 'Give the folder of the images of each split as splits.<split>.images.',
    });
  };
}

async function open(path: string, config: CocoConfig): Promise<SourceReading> {
  const tree = await openFileTree(path, keep);
  const splits = splitsIn(tree, path, config);
  const files = new Map<string, CocoInstances>();
  for await (const { path: file, content } of tree.read((one) =>
    splits.some(({ annotations }) => annotations === one),
  )) {
    try {
      files.set(file, readInstances(content));
    } catch (cause) {
      throw new UserError(`${file}: ${(cause as Error).message}`, { file: path, field: file, remedy, cause });
    }
  }
  const own = files.get(splits[0]!.annotations)!.categories;
  if (config.masks && own.length > mostClasses) {
    throw new UserError(`There are ${own.length} categories, more than the ${mostClasses} that masks can tell apart`, {
      file: path,
      field: 'masks',
      remedy: 'Take boxes alone.',
    });
  }
  const shift = config.masks ? 1 : 0;
  const classes = config.masks ? ['background', ...own] : own;
  const find = finder(tree, path);
  const entries: SourceEntry[] = [];
  const listed: CocoImage[] = [];
  const splitOf = new Map<string, string>();
  const places = new Map<string, number>();
  for (const split of splits) {
    const { categories, images } = files.get(split.annotations)!;
    checkCategories(own, categories, splits[0]!, split, path);
    for (const one of images) {
      const { file, height, width } = one;
      const image = find(file, split);
      const other = splitOf.get(image);
      if (other !== undefined) {
        throw new UserError(`The image ${file} is listed in ${other} and in ${split.split}`, {
          file: path,
          field: 'splits',
          remedy: 'Take splits that share no image: none may be trained on and tested.',
        });
      }
      splitOf.set(image, split.split);
      places.set(image, entries.length);
      const boxes = one.boxes.map((box) => ({ ...box, label: box.label + shift }));
      entries.push({ split: split.split, label: -1, path: file, annotations: { boxes }, size: { height, width } });
      listed.push(one);
    }
  }
  async function* imagesOf(wanted: (entry: number) => boolean): AsyncGenerator<SourceImage> {
    for (const [entry, { damaged }] of listed.entries()) {
      if (damaged !== undefined && wanted(entry)) yield { entry, damaged };
    }
    const isWanted = (entry: number | undefined): boolean =>
      entry !== undefined && listed[entry]!.damaged === undefined && wanted(entry);
    for await (const { path: image, content } of tree.read((one) => isWanted(places.get(one)))) {
      const entry = places.get(image)!;
      yield config.masks ? withMask(entry, content, listed[entry]!) : { entry, encoded: content };
    }
  }
  const objects = splits.map(({ split }) => {
    const labels = entries.filter((one) => one.split === split).flatMap(({ annotations }) => annotations!.boxes!);
    return { split, names: new Set(labels.map(({ label }) => classes[label]!)) };
  });
  return { classes, entries, images: imagesOf, warnings: [...tree.warnings, ...objectWarnings(classes, objects)] };
}

function withMask(entry: number, encoded: Buffer, { segments, unsegmented, height, width }: CocoImage): SourceImage {
  // It would be background, without a word.
  if (unsegmented !== undefined) {
    return { entry, damaged: `its annotation has no "segmentation" for an object called ${unsegmented}` };
  }
  // Before anything is drawn: a file may say of a small picture that it has millions of pixels.
  const is = jpegSize(encoded);
  if (is !== undefined && (is.height !== height || is.width !== width)) {
    return { entry, damaged: `is ${is.height} × ${is.width} pixels, its annotation says ${height} × ${width}` };
  }
  try {
    return { entry, encoded, mask: maskOf(segments, height, width) };
  } catch (cause) {
    return { entry, damaged: `its annotation ${(cause as Error).message}` };
  }
}

function checkCategories(
  classes: readonly string[],
  categories: readonly string[],
  first: Split,
  split: Split,
  path: string,
): void {
  const odd = [
    ...categories.filter((name) => !classes.includes(name)),
    ...classes.filter((name) => !categories.includes(name)),
  ];
  if (odd.length === 0 && categories.every((name, i) => name === classes[i])) return;
  const what = odd.length === 0 ? 'have other numbers' : `differ in ${odd.slice(0, 10).join(', ')}`;
  throw new UserError(`The categories of ${split.annotations} and ${first.annotations} ${what}`, {
    file: path,
    field: split.annotations,
    remedy: 'Give all splits the same categories.',
  });
}

/** Images with boxes, and masks of the pixels of objects, annotated in COCO's JSON (Lin et al. 2014, arXiv:1405.0312). Captions and key points are not read. */
const source: Source<CocoConfig> = {
  schema,
  async look(config, context) {
    const path = givenPath(config.path, context);
    const { splits, masks } = config;
    return {
      found: {
        chosen: `${basename(path)} with COCO annotations${masks ? ' and masks' : ''}${splits === undefined ? '' : `: ${Object.keys(splits).join(', ')}`}`,
        route: path,
        settings: { ...(splits && { splits }), ...(masks && { masks }) },
        fingerprint: await treeFingerprint(path, context, keep),
        open: () => open(path, config),
      },
    };
  },
};

export default source;
