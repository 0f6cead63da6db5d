import { z } from 'zod';
import { UserError } from '@selfsup/kit/errors';
import { permutation, randomKey } from '@selfsup/kit/random';
import { openFileTree, treeFingerprint } from '../../files/file-tree.ts';
import { litterReason } from '../../files/litter.ts';
import { givenPath } from '../../files/named-files.ts';
import { passedOver, passedOverText, type NotRead } from '../../files/passed-over.ts';
import { pictureEndings } from '../../pictures/formats/signature.ts';
import { pictureFiles } from '../../pictures/picture-files.ts';
import type { Source, SourceEntry, SourceImage, SourceReading } from '../../source.ts';
import type { DatasetWarning } from '../../store/manifest.ts';
import { commonFolder, layoutOf, type Layout } from './layout.ts';

const schema = z.strictObject({
  type: z.literal('folder'),
  /** A folder of images, or a .tar, .tar.gz, .tar.xz or .zip of one. */
  path: z.string(),
  /** Whether the folder around an image (below that of its split) is its class. Looked for where absent. */
  classes: z.enum(['folders', 'none']).optional(),
  /** Whether the outermost folders are splits (train, val, test and the like). Looked for where absent. */
  splits: z.enum(['folders', 'none']).optional(),
  /** A part of the images of `train`, the same of each class, that is made a split of its own. */
  holdOut: z
    .strictObject({
      split: z.string().regex(/^\w+$/).default('test'),
      fraction: z.number().gt(0).lt(1),
      seed: z.int().min(0).default(1),
    })
    .optional(),
});

type FolderConfig = z.infer<typeof schema>;

/**
 * Moves images of train to another split: per class the first of an order drawn by the seed, at least one, but never the
 * last image of a class, which could not be learnt then. Throws `UserError` where no image can be moved.
 */
function heldOut(entries: readonly SourceEntry[], holdOut: NonNullable<FolderConfig['holdOut']>): SourceEntry[] {
  if (entries.some(({ split }) => split === holdOut.split)) {
    throw new UserError(`There is a split "${holdOut.split}" already`, {
      field: 'holdOut.split',
      remedy: 'Leave holdOut out, or give it another name.',
    });
  }
  const byClass = new Map<number, number[]>();
  entries.forEach(({ split, label }, i) => {
    if (split === 'train') byClass.set(label, [...(byClass.get(label) ?? []), i]);
  });
  const moved = new Set<number>();
  for (const [label, members] of byClass) {
    const order = permutation(randomKey(holdOut.seed, 'hold-out', label), members.length);
    const count = Math.min(Math.max(1, Math.floor(holdOut.fraction * members.length)), members.length - 1);
    for (const place of order.subarray(0, count)) moved.add(members[place]!);
  }
  if (moved.size === 0) {
    throw new UserError(`No image can be held out: each of the ${byClass.size} classes has one image in train`, {
      field: 'holdOut',
      remedy: 'Leave holdOut out, or give classes of two images and more.',
    });
  }
  const renamed = entries.map((entry, i) => (moved.has(i) ? { ...entry, split: holdOut.split } : entry));
  return renamed;
}

/** Says which folders would be classes if a picture in them could be read. */
function foldersWithoutImages(
  others: readonly NotRead[],
  common: string,
  layout: Layout,
  classes: readonly string[],
): DatasetWarning[] {
  const empty = new Set<string>();
  for (const { path, reason } of others) {
    if (reason === litterReason || !path.startsWith(common)) continue;
    const { className } = layout.place(path.slice(common.length));
    if (className !== undefined && !classes.includes(className)) empty.add(className);
  }
  if (empty.size === 0) return [];
  const message = `No class is made of these folders, for no picture in them can be read: ${[...empty].sort().join(', ')}.`;
  return [{ kind: 'folder-without-images', message }];
}

async function open(path: string, config: FolderConfig): Promise<SourceReading> {
  const tree = await openFileTree(path, pictureFiles);
  if (tree.paths.length === 0) {
    const others = passedOver(tree.passedOver).map((one) => `  ${passedOverText(one)}`);
    throw new UserError([`No images are in here (${pictureEndings.join(', ')})`, ...others].join('\n'), {
      file: path,
      field: 'path',
      remedy: 'Give the folder or archive that holds the images.',
    });
  }
  const common = commonFolder(tree.paths);
  const names = tree.paths.map((path) => path.slice(common.length));
  const layout: Layout = layoutOf(names, config, path);
  const listed = names.map((name, i) => ({ ...layout.place(name), path: name, inTree: tree.paths[i]! }));
  const classes = [...new Set(listed.flatMap(({ className }) => className ?? []))].sort();
  const numbers = new Map(classes.map((name, label) => [name, label]));
  const all = listed.map(({ split, className, path: name }): SourceEntry => {
    return { split, label: className === undefined ? -1 : numbers.get(className)!, path: name };
  });
  const entries = config.holdOut === undefined ? all : heldOut(all, config.holdOut);
  const places = new Map(tree.paths.map((inTree, i) => [inTree, i]));
  async function* images(wanted: (entry: number) => boolean): AsyncGenerator<SourceImage> {
    for await (const file of tree.read((inTree) => wanted(places.get(inTree)!))) {
      yield { entry: places.get(file.path)!, encoded: file.content };
    }
  }
  const warnings = [...tree.warnings, ...foldersWithoutImages(tree.passedOver, common, layout, classes)];
  const reading = {
    layout: layout.description,
    ...(tree.passedOver.length > 0 && { passedOver: passedOver(tree.passedOver) }),
  };
  return { classes, entries, images, reading, ...(warnings.length > 0 && { warnings }) };
}

/**
 * Any folder of images, or an archive of one: `<split>/<class>/…`, `<class>/…`, `<split>/…` or no folders at all. Order
 * and content are the same however it is packed.
 */
const source: Source<FolderConfig> = {
  schema,
  async look(config, context) {
    const path = givenPath(config.path, context);
    const { classes, splits, holdOut } = config;
    return {
      found: {
        chosen: 'A folder of images',
        route: path,
        settings: { classes: classes ?? null, splits: splits ?? null, holdOut: holdOut ?? null },
        fingerprint: await treeFingerprint(path, context, pictureFiles),
        open: () => open(path, config),
      },
    };
  },
};

export default source;
