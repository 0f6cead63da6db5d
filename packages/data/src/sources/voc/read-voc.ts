import { basename, dirname, extname } from 'node:path';
import { UserError } from '@selfsup/kit/errors';
import { openFileTree, type FileTree } from '../../files/file-tree.ts';
import { foundClasses, objectWarnings, type SplitObjects } from '../../ingest/object-classes.ts';
import type { SourceEntry, SourceReading } from '../../source.ts';
import { readVocAnnotation, type VocAnnotation } from './annotation.ts';
import { belowRoot, checkOneRoot, usualSplits } from './layout.ts';
import { presenceOf, readClassList, readImageList } from './lists.ts';
import { vocImages, type VocImage } from './voc-images.ts';

type VocTask = 'classification' | 'detection' | 'segmentation';

/** A folder or archive: 2007 comes in two. */
export interface VocPart {
  readonly path: string;
  /** The splits that are taken from it; looked for where absent. */
  readonly splits?: readonly string[] | undefined;
}

/** What is read of a dataset in VOC's layout. */
export interface VocRequest {
  readonly parts: readonly VocPart[];
  readonly task: VocTask;
  /** The folder that is the dataset's, where several may lie in a part. */
  readonly folder?: string | undefined;
  /** In the order of their indices, for segmentation as masks have them; those of the objects where absent. */
  readonly classes?: readonly string[] | undefined;
  /** Names of images that are left out of all lists. */
  readonly leaveOut?: readonly string[] | undefined;
  /** Whether all of its files are as published, odd sizes in annotations too. */
  readonly official: boolean;
}

interface OpenPart extends VocPart {
  readonly tree: FileTree;
  /** Lists and annotations by their path below the dataset's folder. */
  readonly texts: ReadonlyMap<string, Buffer>;
  /** Pictures and masks by folder and name without ending. */
  readonly pictures: ReadonlyMap<string, string>;
}

const remedy = 'Correct the file, or fetch the archive again and compare its checksum.';
const listsOf = (task: VocTask): string => `ImageSets/${task === 'segmentation' ? 'Segmentation' : 'Main'}`;

async function openPart(part: VocPart, { task, folder }: VocRequest): Promise<OpenPart> {
  const isText = (below: string): boolean => below.startsWith(listsOf(task)) || below.startsWith('Annotations/');
  const isPicture = (below: string): boolean => /^(?:JPEGImages|SegmentationClass(?:Aug)?)\//.test(below);
  const tree = await openFileTree(part.path, (path) => {
    const below = belowRoot(path, folder);
    return below !== undefined && (isText(below) || isPicture(below));
  });
  checkOneRoot(tree.paths, part.path);
  const texts = new Map<string, Buffer>();
  for await (const { path, content } of tree.read((one) => isText(belowRoot(one, folder)!))) {
    texts.set(belowRoot(path, folder)!, content);
  }
  const pictures = new Map<string, string>();
  for (const path of tree.paths) {
    const below = belowRoot(path, folder)!;
    if (isPicture(below)) pictures.set(`${dirname(below)}/${basename(below, extname(below))}`, path);
  }
  return { ...part, tree, texts, pictures };
}

/** Runs `read` on a text of the part. Throws `UserError` naming archive and text where it is missing or wrong. */
function reading<A>(part: OpenPart, name: string, read: (content: Buffer) => A): A {
  const content = part.texts.get(name);
  if (content === undefined) throw new UserError(`${name} is missing`, { file: part.path, field: name, remedy });
  try {
    return read(content);
  } catch (cause) {
    throw new UserError(`${name}: ${(cause as Error).message}`, { file: part.path, field: name, remedy, cause });
  }
}

/** The lists of the classes in a split; nothing where there are none at all: then objects say what is shown. */
function presences(part: OpenPart, split: string, names: readonly string[], classes: readonly string[]) {
  const nameOf = (className: string): string => `ImageSets/Main/${className}_${split}.txt`;
  if (!classes.some((one) => part.texts.has(nameOf(one)))) return undefined;
  const lists = new Map<string, ReadonlyMap<string, number>>();
  for (const className of classes) {
    const list = reading(part, nameOf(className), (content) => readClassList(content.toString()));
    lists.set(className, list);
  }
  return reading(part, `ImageSets/Main/${split}.txt`, () => presenceOf(names, classes, lists));
}

function splitsOf({ path, splits, texts }: OpenPart, task: VocTask): readonly string[] {
  if (splits !== undefined) return splits;
  const below = `${listsOf(task)}/`;
  const lists = [...texts.keys()].filter((name) => name.startsWith(below) && name.endsWith('.txt'));
  if (lists.length === 0) {
    throw new UserError(`There are no lists of splits in ${below}`, {
      file: path,
      remedy: `Write ${below}train.txt and ${below}test.txt, a name of an image a line.`,
    });
  }
  return usualSplits(lists.map((name) => basename(name, '.txt')));
}

/** An image of a list with its annotation, or the reason why that cannot be used. */
interface Listed extends VocImage {
  readonly split: string;
  readonly name: string;
  readonly annotation: VocAnnotation;
}

const unannotated: VocAnnotation = { size: undefined, objects: [] };

function annotationOf(part: OpenPart, name: string, task: VocTask): VocAnnotation | { readonly damaged: string } {
  const file = `Annotations/${name}.xml`;
  const content = part.texts.get(file);
  if (content === undefined) {
    return task === 'segmentation' ? unannotated : { damaged: `its ${file} is missing` };
  }
  try {
    return readVocAnnotation(content);
  } catch (cause) {
    return { damaged: `its ${file}: ${(cause as Error).message}` };
  }
}

/** The names of a list, but for those that are left out; `splitOf` takes them up. Throws `UserError` as `listedIn`. */
function namesIn(part: OpenPart, split: string, { task, leaveOut = [] }: VocRequest, splitOf: Map<string, string>) {
  const list = `${listsOf(task)}/${split}.txt`;
  const refuse = (message: string, remedy: string, field = 'splits'): never => {
    throw new UserError(message, { file: part.path, field, remedy });
  };
  if (!part.texts.has(list)) {
    const what =
      "Name lists that are there, or add it: the lists and masks of SBD are not in the challenge's own tars.";
    refuse(`There is no list ${list}`, what);
  }
  const names = reading(part, list, (content) => readImageList(content.toString()));
  for (const name of names) {
    const other = splitOf.get(name);
    if (other !== undefined) {
      const isTwice = other === split;
      const where = isTwice ? `twice in ${split}` : `in ${other} and in ${split}`;
      const what = 'Take splits that share no image: none may be trained on and tested.';
      refuse(`The image ${name} is listed ${where}`, isTwice ? 'Name it once.' : what, isTwice ? list : undefined);
    }
    splitOf.set(name, split);
  }
  const out = new Set(leaveOut);
  const left = names.filter((name) => !out.has(name));
  if (left.length === 0) refuse(`All images of ${split} are left out`, 'Take out some of the names.', 'leaveOut');
  return left;
}

/** All images of the lists of a part. Throws `UserError` where one is missing, or listed in two splits. */
function listedIn(part: OpenPart, request: VocRequest, splitOf: Map<string, string>): Listed[] {
  const { tree, pictures } = part;
  const { task } = request;
  const isSegmentation = task === 'segmentation';
  return splitsOf(part, task).flatMap((split) =>
    namesIn(part, split, request, splitOf).map((name): Listed => {
      const image = pictures.get(`JPEGImages/${name}`);
      // Where both are there, the official mask is taken before that of the extension.
      const mask = pictures.get(`SegmentationClass/${name}`) ?? pictures.get(`SegmentationClassAug/${name}`);
      const missing = image === undefined ? 'image' : isSegmentation && mask === undefined ? 'mask' : undefined;
      if (missing !== undefined) {
        const message = `${listsOf(task)}/${split}.txt names ${name}, whose ${missing} is missing`;
        throw new UserError(message, { file: part.path, field: name, remedy });
      }
      const read = annotationOf(part, name, task);
      const damaged = 'damaged' in read ? read.damaged : undefined;
      const annotation = 'damaged' in read ? unannotated : read;
      const { size } = annotation;
      return { tree, split, name, image: image!, mask: isSegmentation ? mask : undefined, annotation, size, damaged };
    }),
  );
}

/**
 * Opens a dataset in VOC's layout: its lists and annotations are read and checked at once, images (and masks, for
 * segmentation) when they are asked for. Images whose annotation is missing, damaged or names another class are handed out
 * as damaged; those that are to be left out are not, and counted as passed over. Throws `UserError` naming the archive and the file in it where lists are wrong, an image or mask is missing, or
 * splits share an image.
 */
export async function readVoc(request: VocRequest): Promise<SourceReading> {
  const { task, official } = request;
  const splitOf = new Map<string, string>();
  const parts: { readonly part: OpenPart; readonly listed: readonly Listed[] }[] = [];
  for (const described of request.parts) {
    const part = await openPart(described, request);
    parts.push({ part, listed: listedIn(part, request, splitOf) });
  }
  const listed = parts.flatMap((one) => one.listed);
  const objects: SplitObjects[] = [...new Set(listed.map(({ split }) => split))].map((split) => {
    const own = listed.filter((one) => one.split === split);
    return { split, names: new Set(own.flatMap(({ annotation }) => annotation.objects.map(({ name }) => name))) };
  });
  const classes = request.classes ?? foundClasses(objects, request.parts[0]!.path);
  const presence = new Map<string, readonly number[]>();
  for (const { part, listed: own } of task === 'classification' ? parts : []) {
    for (const split of new Set(own.map((one) => one.split))) {
      const names = own.filter((one) => one.split === split).map(({ name }) => name);
      for (const [name, flags] of presences(part, split, names, classes) ?? []) presence.set(name, flags);
    }
  }
  const wholes = listed.map((one) => withKnownClasses(one, classes, official));
  const entries = wholes.map(({ split, name, image, annotation, size }): SourceEntry => {
    const boxes = annotation.objects.map(({ name: of, ...box }) => ({ label: classes.indexOf(of), ...box }));
    const flags = presence.has(name) ? { presence: presence.get(name)! } : {};
    const path = `JPEGImages/${name}${extname(image)}`;
    return { split, label: -1, path, annotations: { boxes, ...flags }, ...(!official && size && { size }) };
  });
  const warnings = [...parts.flatMap(({ part }) => part.tree.warnings), ...objectWarnings(classes, objects)];
  const left = (request.leaveOut ?? []).filter((name) => splitOf.has(name));
  const reading = {
    passedOver: [{ reason: 'named in leaveOut', ending: '', count: left.length, example: left[0] ?? '' }],
  };
  const images: SourceReading['images'] = (wanted) => vocImages(wholes, classes.length, wanted);
  return { classes, entries, images, warnings, ...(left.length > 0 && { reading }) };
}

function withKnownClasses(one: Listed, classes: readonly string[], official: boolean): Listed {
  const odd = one.annotation.objects.find(({ name }) => !classes.includes(name));
  if (odd === undefined) return one;
  const known = official ? 'classes' : '"classes" in dataset.json';
  const damaged = `its Annotations/${one.name}.xml: "${odd.name}" is none of the ${classes.length} ${known}`;
  return { ...one, damaged, annotation: { ...one.annotation, objects: [] } };
}
