import { boxWithin, type Box } from '../../store/annotations.ts';
import type { Segment, Segmentation } from './segments.ts';

/** An image of a COCO file with its objects. */
export interface CocoImage {
  readonly file: string;
  readonly height: number;
  readonly width: number;
  /** Labels count from `categories`. */
  readonly boxes: readonly Box[];
  /** Pixels of those objects that have them, likewise. */
  readonly segments: readonly Segment[];
  /** What the first object without pixels is called, where there is one: some tools write boxes alone. */
  readonly unsegmented?: string;
  /** Why its objects cannot be used. */
  readonly damaged?: string;
}

/** A file of instances: its categories in the order of their numbers, and its images in its own order. */
export interface CocoInstances {
  readonly categories: readonly string[];
  readonly images: readonly CocoImage[];
}

/** Larger pictures are not read. */
const mostPixels = 2 ** 28;

interface CocoJson {
  readonly images?: readonly { readonly id: number; readonly file_name: string; height: number; width: number }[];
  readonly annotations?: readonly {
    readonly image_id: number;
    readonly category_id: number;
    /** Left, top, width and height in pixels, from 0, on pixel borders. */
    readonly bbox: readonly number[];
    readonly segmentation?: Segmentation | null;
    readonly iscrowd?: number;
    /** As conversions of PASCAL VOC have it: 1 for difficult objects. */
    readonly ignore?: number;
    readonly truncated?: number;
  }[];
  readonly categories?: readonly { readonly id: number; readonly name: string }[];
}

type Draft = CocoImage & { boxes: Box[]; segments: Segment[]; unsegmented?: string; damaged?: string };

/** Kinds of values that fields have. */
const kinds = {
  number: (value: unknown) => Number.isFinite(value),
  /** Some tools have text for the numbers of images. */
  key: (value: unknown) => typeof value === 'string' || Number.isFinite(value),
  text: (value: unknown) => typeof value === 'string',
  box: (value: unknown) => Array.isArray(value) && value.length === 4 && value.every(Number.isFinite),
};
type Fields = Readonly<Record<string, keyof typeof kinds>>;
const asked = {
  number: 'is no number',
  key: 'is neither number nor text',
  text: 'is no text',
  box: 'is no list of four numbers',
};

function rows<Row>(json: CocoJson, key: 'images' | 'annotations' | 'categories', fields: Fields): Row[] {
  const all: unknown = json[key];
  if (!Array.isArray(all)) throw new Error(`it has no list of ${key}`);
  all.forEach((row: Record<string, unknown> | null, i) => {
    for (const [field, kind] of Object.entries(fields)) {
      const value = row?.[field];
      if (value === undefined) throw new Error(`${key}[${i}] has no ${field}`);
      if (!kinds[kind](value)) throw new Error(`${key}[${i}].${field} ${asked[kind]}`);
    }
  });
  return all as Row[];
}

/**
 * Reads a COCO file of instances (`instances_<split>.json`): boxes as they are, crowds and ignored objects as difficult ones.
 * An image with a box outside it, or without area, is handed out as damaged. Throws `Error` where it is no such file, names an
 * image or category that it does not list, lists one twice, or has another kind of
 * value where it should have a number, text or a box.
 */
export function readInstances(content: Buffer): CocoInstances {
  const json = JSON.parse(content.toString('utf8')) as CocoJson;
  if (typeof json !== 'object' || json === null) throw new Error('it is no object');
  const listed = rows<NonNullable<CocoJson['categories']>[number]>(json, 'categories', {
    id: 'number',
    name: 'text',
  });
  const categories = [...listed].sort((a, b) => a.id - b.id);
  if (new Set(categories.map(({ name }) => name)).size < categories.length)
    throw new Error('a category is there twice');
  const labels = new Map(categories.map(({ id }, label) => [id, label]));
  const images = new Map<number, Draft>();
  const imageFields: Fields = { id: 'key', file_name: 'text', height: 'number', width: 'number' };
  for (const { id, file_name: file, height, width } of rows<NonNullable<CocoJson['images']>[number]>(
    json,
    'images',
    imageFields,
  )) {
    if (!(
      Number.isInteger(height) &&
      Number.isInteger(width) &&
      height > 0 &&
      width > 0 &&
      height * width <= mostPixels
    )) {
      throw new Error(`the image ${file} has a size of ${height} × ${width}`);
    }
    if (images.has(id)) throw new Error(`the image ${id} is there twice`);
    images.set(id, { file, height, width, boxes: [], segments: [] });
  }
  if (images.size === 0) throw new Error('it lists no image');
  const fields: Fields = { image_id: 'key', category_id: 'number', bbox: 'box' };
  for (const one of rows<NonNullable<CocoJson['annotations']>[number]>(json, 'annotations', fields)) {
    const image = images.get(one.image_id);
    const label = labels.get(one.category_id);
    if (image === undefined) throw new Error(`an object is in the image ${one.image_id}, which is not listed`);
    if (label === undefined) throw new Error(`an object is of the category ${one.category_id}, which is not listed`);
    const [left = NaN, top = NaN, width = NaN, height = NaN] = one.bbox;
    const box = { label, left, top, right: left + width, bottom: top + height };
    const flags = { difficult: one.iscrowd === 1 || one.ignore === 1, truncated: one.truncated === 1 };
    const { segmentation } = one;
    if (
      segmentation === undefined ||
      segmentation === null ||
      (Array.isArray(segmentation) && segmentation.length === 0)
    ) {
      image.unsegmented ??= categories[label]!.name;
    } else image.segments.push({ label, crowd: one.iscrowd === 1, segmentation });
    try {
      image.boxes.push(boxWithin({ ...box, ...flags }, image, `an object called ${categories[label]!.name}`));
    } catch (cause) {
      image.damaged ??= (cause as Error).message;
    }
  }
  return { categories: categories.map(({ name }) => name), images: [...images.values()] };
}
