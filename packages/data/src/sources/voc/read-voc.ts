import { UserError } from '@selfsup/kit/errors';
import { openFileTree, type FileTree } from '../../files/file-tree.ts';
import type { SourceEntry, SourceImage, SourceReading } from '../../source.ts';
import { readVocAnnotation, type VocAnnotation } from './annotation.ts';
import { vocClasses } from './classes.ts';
import { presenceOf, readClassList, readImageList } from './lists.ts';
import { readVocMask } from './mask.ts';

export type VocTask = 'classification' | 'detection' | 'segmentation';

/** One folder or archive of a year: 2007 comes in two. */
export interface VocPart {
  readonly path: string;
  readonly splits: readonly string[];
}

interface OpenPart extends VocPart {
  readonly tree: FileTree;
  /** Lists and annotations by their path below VOC<year>. */
  readonly texts: ReadonlyMap<string, Buffer>;
}

/** The path below `VOC<year>`, or nothing for what lies elsewhere. */
export function belowYear(path: string, year: string): string | undefined {
  return (
    new RegExp(`(?:^|/)VOC${year}/(.+)$`).exec(path)?.[1] ?? (/^(?:JPEG|Image|Anno|Segm)/.test(path) ? path : undefined)
  );
}

const remedy = 'Fetch the archive again and compare its checksum; it must be the official one, whole.';

async function openPart(part: VocPart, year: string, task: VocTask): Promise<OpenPart> {
  const lists = task === 'segmentation' ? 'ImageSets/Segmentation/' : 'ImageSets/Main/';
  const isText = (below: string): boolean => below.startsWith(lists) || below.startsWith('Annotations/');
  const isImage = (below: string): boolean => /^(?:JPEGImages|SegmentationClass)\//.test(below);
  const tree = await openFileTree(part.path, (path) => {
    const below = belowYear(path, year);
    return below !== undefined && (isText(below) || isImage(below));
  });
  const texts = new Map<string, Buffer>();
  for await (const { path, content } of tree.read((one) => isText(belowYear(one, year)!))) {
    texts.set(belowYear(path, year)!, content);
  }
  return { ...part, tree, texts };
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

function presences(part: OpenPart, split: string, names: readonly string[]): Map<string, number[]> {
  const lists = new Map<string, ReadonlyMap<string, number>>();
  for (const className of vocClasses) {
    const name = `ImageSets/Main/${className}_${split}.txt`;
    lists.set(
      className,
      reading(part, name, (content) => readClassList(content.toString())),
    );
  }
  return reading(part, `ImageSets/Main/${split}.txt`, () => presenceOf(names, lists));
}

interface VocEntry {
  readonly part: OpenPart;
  readonly image: string;
  readonly mask: string | undefined;
  readonly annotation: VocAnnotation;
}

/**
 * Opens a year of PASCAL VOC: its lists and annotations are read and checked at once, images (and masks, for
 * segmentation) when they are asked for. Classes are the twenty, behind `background` for segmentation, where the labels
 * of boxes count likewise. Throws `UserError` naming the archive and the file in it.
 */
export async function readVoc(parts: readonly VocPart[], year: string, task: VocTask): Promise<SourceReading> {
  const isSegmentation = task === 'segmentation';
  const entries: SourceEntry[] = [];
  const wholes: VocEntry[] = [];
  for (const described of parts) {
    const part = await openPart(described, year, task);
    const paths = new Map(part.tree.paths.map((path) => [belowYear(path, year)!, path]));
    for (const split of part.splits) {
      const list = `ImageSets/${isSegmentation ? 'Segmentation' : 'Main'}/${split}.txt`;
      const names = reading(part, list, (content) => readImageList(content.toString()));
      const presence = task === 'classification' ? presences(part, split, names) : undefined;
      for (const name of names) {
        const annotation = reading(part, `Annotations/${name}.xml`, readVocAnnotation);
        const [image, mask] = [paths.get(`JPEGImages/${name}.jpg`), paths.get(`SegmentationClass/${name}.png`)];
        const missing = image === undefined ? 'image' : isSegmentation && mask === undefined ? 'mask' : undefined;
        if (missing !== undefined) {
          throw new UserError(`${list} names ${name}, whose ${missing} is missing`, {
            file: part.path,
            field: name,
            remedy,
          });
        }
        const shift = isSegmentation ? 1 : 0;
        const boxes = annotation.boxes.map((box) => ({ ...box, label: box.label + shift }));
        const flags = presence === undefined ? {} : { presence: presence.get(name)! };
        entries.push({ split, label: -1, path: `JPEGImages/${name}.jpg`, annotations: { boxes, ...flags } });
        wholes.push({ part, image: image!, mask: isSegmentation ? mask : undefined, annotation });
      }
    }
  }
  const classes = isSegmentation ? ['background', ...vocClasses] : vocClasses;
  const warnings = [...new Set(wholes.map(({ part }) => part))].flatMap(({ tree }) => tree.warnings);
  return { classes, entries, images: (wanted) => imagesOf(wholes, wanted), warnings };
}

/** Image and mask of an entry may lie far apart in an archive: the first waits for the second. */
async function* imagesOf(wholes: readonly VocEntry[], wanted: (entry: number) => boolean): AsyncGenerator<SourceImage> {
  for (const part of new Set(wholes.map((whole) => whole.part))) {
    const places = new Map<string, number>();
    wholes.forEach(({ part: own, image, mask }, entry) => {
      if (own !== part || !wanted(entry)) return;
      places.set(image, entry);
      if (mask !== undefined) places.set(mask, entry);
    });
    const waiting = new Map<number, Buffer>();
    for await (const { path, content } of part.tree.read((one) => places.has(one))) {
      const entry = places.get(path)!;
      const whole = wholes[entry]!;
      if (whole.mask === undefined) {
        yield { entry, encoded: content };
        continue;
      }
      const other = waiting.get(entry);
      if (other === undefined) {
        waiting.set(entry, content);
        continue;
      }
      waiting.delete(entry);
      yield withMask(entry, path === whole.image ? content : other, path === whole.image ? other : content, whole);
    }
  }
}

function withMask(entry: number, encoded: Buffer, png: Buffer, { annotation }: VocEntry): SourceImage {
  try {
    return { entry, encoded, mask: readVocMask(png, annotation) };
  } catch (error) {
    return { entry, damaged: `its mask ${(error as Error).message}` };
  }
}
