import { encodeIndexedPng } from '../formats/indexed-png.ts';
import { jpegEncode } from '../pictures/native/pictures.ts';
import { smoothPixels, type Files } from './archives.ts';

/** An object as an XML of PASCAL VOC has it: class, 1-based inclusive xmin, ymin, xmax, ymax, difficult, truncated. */
export type VocObjectRow = readonly [
  name: string,
  ...box: [number, number, number, number],
  difficult?: 0 | 1,
  truncated?: 0 | 1,
];

/** An image of a small dataset in VOC's layout; square. */
export interface SmallImage {
  readonly name: string;
  readonly split: string;
  readonly side: number;
  readonly objects?: readonly VocObjectRow[];
  /** [side, side] class indices. */
  readonly mask?: Uint8Array;
}

/** The XML of an image. */
export function vocXml(side: number, objects: readonly VocObjectRow[]): Buffer {
  const rows = objects.map(
    ([name, xmin, ymin, xmax, ymax, difficult = 0, truncated = 0]) =>
      `<object><name>${name}</name><truncated>${truncated}</truncated><difficult>${difficult}</difficult>` +
      `<bndbox><xmin>${xmin}</xmin><ymin>${ymin}</ymin><xmax>${xmax}</xmax><ymax>${ymax}</ymax></bndbox></object>`,
  );
  const size = `<size><width>${side}</width><height>${side}</height><depth>3</depth></size>`;
  return Buffer.from(`<annotation>${size}${rows.join('')}</annotation>`);
}

/** A JPEG of a smooth picture that is a function of its number. */
export function smallJpeg(number: number, side: number): Buffer {
  return jpegEncode({ pixels: smoothPixels(number, side, 3), height: side, width: side, channels: 3 }, 95);
}

/** A small dataset in VOC's layout below `root`; lists of splits for detection, and for segmentation where there are masks. */
export function vocFiles(images: readonly SmallImage[], root = 'mine'): Record<string, Buffer> {
  const files: Record<string, Buffer> = {};
  const lists = new Map<string, string[]>();
  images.forEach(({ name, split, side, objects, mask }, i) => {
    files[`${root}/JPEGImages/${name}.jpg`] = smallJpeg(i, side);
    if (objects !== undefined) files[`${root}/Annotations/${name}.xml`] = vocXml(side, objects);
    if (mask !== undefined) files[`${root}/SegmentationClass/${name}.png`] = encodeIndexedPng(mask, side, side);
    for (const task of ['Main', ...(mask === undefined ? [] : ['Segmentation'])]) {
      const list = `${root}/ImageSets/${task}/${split}.txt`;
      lists.set(list, [...(lists.get(list) ?? []), name]);
    }
  });
  for (const [list, names] of lists) files[list] = Buffer.from(`${names.join('\n')}\n`);
  return files satisfies Files;
}

/** Proposals of two images, 000004 and 001551, in the form that R-CNN's authors publish, from bench/oracles/write_voc_files.py. */
export const publishedBoxes = new URL('./boxes.fixture.mat', import.meta.url);

/** A mask in the form of the Berkeley boundaries (SBD), of 2 rows of 3 pixels, from the same script. */
export const sbdMask = new URL('./sbd.fixture.mat', import.meta.url);
