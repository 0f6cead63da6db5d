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
    readonly segmentation?: Segmentation;
    readonly iscrowd?: number;
    /** As conversions of PASCAL VOC have it: 1 for difficult objects. */
    readonly ignore?: number;
    readonly truncated?: number;
  }[];
  readonly categories?: readonly { readonly id: number; readonly name: string }[];
}

type Draft = CocoImage & { boxes: Box[]; segments: Segment[]; unsegmented?: string; damaged?: string };

function rows<Row>(json: CocoJson, key: 'images' | 'annotations' | 'categories', fields: readonly string[]): Row[] {
  const all: unknown = json[key];
  if (!Array.isArray(all)) throw new Error(`it has no list of ${key}`);
  all.forEach((row: Record<string, unknown> | null, i) => {
    const missing = fields.find((field) => row?.[field] === undefined);
    if (missing !== undefined) throw new Error(`${key}[${i}] has no ${missing}`);
  });
  return all as Row[];
}

/**
 * Reads a COCO file of instances (`instances_<split>.json`): boxes as they are, crowds and ignored objects as difficult ones.
 * An image with a box outside it, or without area, is handed out as damaged. Throws `Error` where it is no such file, names an
 * image or category that it does not list, or lists one twice.
 */
export function readInstances(content: Buffer): CocoInstances {
  const json = JSON.parse(content.toString('utf8')) as CocoJson;
  if (typeof json !== 'object' || json === null) throw new Error('it is no object');
  const listed = rows<NonNullable<CocoJson['categories']>[number]>(json, 'categories', ['id', 'name']);
  const categories = [...listed].sort((a, b) => a.id - b.id);
  if (new Set(categories.map(({ name }) => name)).size < categories.length)
    throw new Error('a category is there twice');
  const labels = new Map(categories.map(({ id }, label) => [id, label]));
  const images = new Map<number, Draft>();
  const imageFields = ['id', 'file_name', 'height', 'width'];
  for (const { id, file_name: file, height, width } of rows<NonNullable<CocoJson['images']>[number]>(
    json,
    'images',
    imageFields,
  )) {
    if (!(height > 0 && width > 0 && height * width <= mostPixels)) {
      throw new Error(`the image ${file} has a size of ${height} × ${width}`);
    }
    if (images.has(id)) throw new Error(`the image ${id} is there twice`);
    images.set(id, { file, height, width, boxes: [], segments: [] });
  }
  if (images.size === 0) throw new Error('it lists no image');
  const fields = ['image_id', 'category_id', 'bbox'];
  for (const one of rows<NonNullable<CocoJson['annotations']>[number]>(json, 'annotations', fields)) {
    const image = images.get(one.image_id);
    const label = labels.get(one.category_id);
    if (image === undefined) throw new Error(`an object is in the image ${one.image_id}, which is not listed`);
    if (label === undefined) throw new Error(`an object is of the category ${one.category_id}, which is not listed`);
    const [left = NaN, top = NaN, width = NaN, height = NaN] = one.bbox;
    const box = { label, left, top, right: left + width, bottom: top + height };
    const flags = { difficult: one.iscrowd === 1 || one.ignore === 1, truncated: one.truncated === 1 };
    const { segmentation } = one;
    if (segmentation === undefined || (Array.isArray(segmentation) && segmentation.length === 0)) {
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
