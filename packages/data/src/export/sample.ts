import { extname } from 'node:path';
import { encode as encodePng } from 'fast-png';
import type { Dataset } from '../dataset.ts';
import type { Picture } from '../pictures/native/pictures.ts';
import type { Annotations } from '../store/annotations.ts';

/** One image of a dataset as files outside need it. */
export interface Sample {
  /** The stored JPEG, or a PNG of the raw pixels. */
  readonly image: Buffer;
  readonly extension: 'jpg' | 'png';
  /** Class index, -1 for none. */
  readonly label: number;
  /** Path in the source, without its extension. */
  readonly name: string;
  /** All that is known of it, for a .json beside it. */
  readonly facts: Readonly<Record<string, unknown>>;
  /** A segmentation mask as grey PNG. */
  readonly mask: Buffer | undefined;
}

function png({ pixels, height, width, channels }: Picture): Buffer {
  return Buffer.from(encodePng({ data: pixels, height, width, channels, depth: 8 }));
}

/** Reads image `i` of a split for an export. */
export function sampleOf(dataset: Dataset, split: string, i: number): Sample {
  const { image: stored, classes } = dataset.manifest;
  const label = dataset.labels(split)[i]!;
  const path = dataset.sourcePath(split, i);
  const annotations: Annotations = dataset.annotations(split, i);
  let image: Buffer;
  let [height, width] = [0, 0];
  if (stored.encoding === 'jpeg') {
    image = dataset.withJpeg(split, i, (one) => {
      [height, width] = [one.height, one.width];
      return Buffer.from(one.jpeg);
    });
  } else {
    const picture = dataset.picture(split, i);
    [height, width] = [picture.height, picture.width];
    image = png(picture);
  }
  const mask = dataset.mask(split, i);
  return {
    image,
    extension: stored.encoding === 'jpeg' ? 'jpg' : 'png',
    label,
    name: path.slice(0, path.length - extname(path).length),
    facts: { label, class: classes[label] ?? null, path, height, width, ...annotations },
    mask: mask === undefined ? undefined : png({ ...mask, pixels: mask.classes, channels: 1 }),
  };
}
