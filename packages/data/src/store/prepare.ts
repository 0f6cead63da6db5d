import { encode as encodePng } from 'fast-png';
import { covering } from '../ingest/covering.ts';
import { inChannels } from '../loading/in-channels.ts';
import { DamagedPicture, openPicture, openPixels, type OpenedPicture } from '../pictures/decode.ts';
import { channelSums, jpegEncode, type Picture } from '../pictures/native/pictures.ts';
import type { SourceEntry, SourceImage, SourceMask } from '../source.ts';
import { boxWithin, scaledAnnotations, type Annotations } from './annotations.ts';
import { encodeRecord } from './record.ts';
import type { Store } from './store.ts';

/**
 * A record to store with the sums of its pixels (per channel, then of squares) and whether its EXIF orientation turned it, or
 * why there is none.
 */
export type Prepared =
  | { readonly record: Buffer; readonly sums: readonly number[]; readonly pixels: number; readonly turned: boolean }
  | { readonly damaged: string };

/** An image and what was listed of it. */
export interface ToPrepare {
  readonly image: SourceImage;
  readonly entry: SourceEntry;
}

interface Stored {
  readonly payload: Uint8Array;
  readonly picture: Picture;
}

function raw(opened: OpenedPicture, store: Store & { encoding: 'raw' }): Stored {
  const { height, width, fit } = store;
  if (fit === 'exact' && (opened.height !== height || opened.width !== width)) {
    throw new DamagedPicture(`is ${opened.height} × ${opened.width} pixels instead of ${height} × ${width}`);
  }
  const picture = inChannels(covering(opened, height, width), store.channels);
  return { payload: picture.pixels, picture };
}

function jpeg(opened: OpenedPicture, store: Store & { encoding: 'jpeg' }): Stored {
  const { height, width } = opened;
  const shorter = Math.min(height, width);
  const side = store.shorterSide;
  if (side === undefined || shorter <= side) {
    const picture = opened.pixels(); // whether it is whole shows only when all is decoded
    return { payload: opened.jpeg ?? jpegEncode(picture, store.quality), picture };
  }
  // The longer side is rounded down, as torchvision's Resize does.
  const scaled = (length: number): number => (length === shorter ? side : Math.floor((side * length) / shorter));
  const picture = opened.view({ left: 0, top: 0, right: width, bottom: height }, scaled(height), scaled(width));
  return { payload: jpegEncode(picture, store.quality), picture };
}

/** A mask scaled by taking the nearest pixel, as PNG. */
function storedMask(mask: SourceMask, height: number, width: number): Uint8Array {
  const data = new Uint8Array(height * width);
  for (let y = 0; y < height; y++) {
    const row = Math.floor(((y + 0.5) * mask.height) / height) * mask.width;
    for (let x = 0; x < width; x++)
      data[y * width + x] = mask.classes[row + Math.floor(((x + 0.5) * mask.width) / width)]!;
  }
  return encodePng({ width, height, data, channels: 1, depth: 8 });
}

/** What was annotated, with boxes inside the picture that was opened. */
function placed({ size, annotations }: SourceEntry, opened: OpenedPicture): Annotations | undefined {
  if (size !== undefined && (size.height !== opened.height || size.width !== opened.width)) {
    const [said, is] = [size, opened].map(({ height, width }) => `${height} × ${width}`);
    throw new DamagedPicture(`is ${is} pixels, its annotation says ${said}`);
  }
  if (annotations?.boxes === undefined) return annotations;
  try {
    return { ...annotations, boxes: annotations.boxes.map((box) => boxWithin(box, opened, 'an object')) };
  } catch (cause) {
    throw new DamagedPicture((cause as Error).message);
  }
}

/**
 * Makes the record of an image in the form that `store` says: decoded, scaled, encoded and with its checksum; boxes
 * and mask are scaled with it. What cannot be decoded or has the wrong size is reported, never filled up.
 */
export async function prepare({ image, entry }: ToPrepare, store: Store): Promise<Prepared> {
  if ('damaged' in image) return { damaged: image.damaged };
  try {
    const channels = store.encoding === 'raw' ? store.channels : 3;
    const { mask } = image;
    const upright = mask === undefined && entry.annotations?.boxes === undefined;
    const opened = 'encoded' in image ? await openPicture(image.encoded, channels, { upright }) : openPixels(image);
    if (mask !== undefined && (mask.height !== opened.height || mask.width !== opened.width)) {
      throw new DamagedPicture(`its mask is ${mask.height} × ${mask.width} pixels, the image not`);
    }
    if (mask !== undefined && store.encoding === 'raw' && store.fit === 'cover') {
      throw new DamagedPicture('its mask cannot follow a crop: store such datasets as jpeg');
    }
    const annotations = placed(entry, opened);
    const { payload, picture } = store.encoding === 'raw' ? raw(opened, store) : jpeg(opened, store);
    const { height, width } = picture;
    const scaled = annotations && scaledAnnotations(annotations, width / opened.width, height / opened.height);
    const record = encodeRecord({
      encoding: store.encoding,
      height,
      width,
      channels: picture.channels,
      label: entry.label,
      path: entry.path,
      annotations: scaled === undefined ? '' : JSON.stringify(scaled),
      mask: mask === undefined ? new Uint8Array() : storedMask(mask, height, width),
      payload,
    });
    return {
      record,
      sums: channelSums(picture.pixels, picture.channels),
      pixels: height * width,
      turned: opened.turned,
    };
  } catch (error) {
    if (error instanceof DamagedPicture) return { damaged: error.message };
    throw error;
  }
}
