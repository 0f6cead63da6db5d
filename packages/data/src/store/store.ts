import { z } from 'zod';

const channels = z.union([z.literal(1), z.literal(3)]);

/** `store` of `dataset.json`: the form in which the images are kept. */
export const storeSchema = z.discriminatedUnion('encoding', [
  z.strictObject({
    /** Raw bytes, all of one size: for small images. */
    encoding: z.literal('raw'),
    height: z.int().min(1).max(4096),
    width: z.int().min(1).max(4096),
    channels: channels.default(3),
    /** `exact` leaves images of another size out; `cover` scales each to cover the size, and crops its centre. */
    fit: z.enum(['exact', 'cover']).default('cover'),
  }),
  z.strictObject({
    encoding: z.literal('jpeg'),
    /** Images whose shorter side is longer are scaled down to it; without it all keep their size. */
    shorterSide: z.int().min(16).max(8192).optional(),
    /** Of the JPEGs that are written anew; the bytes of those that keep their size are kept. */
    quality: z.int().min(1).max(100).default(95),
  }),
]);

/** The form in which the images of a dataset are kept. */
export type Store = z.infer<typeof storeSchema>;

/** What a manifest says of the images it describes. JPEGs vary in height and width. */
export type StoredImages =
  | { readonly encoding: 'raw'; readonly height: number; readonly width: number; readonly channels: number }
  | {
      readonly encoding: 'jpeg';
      readonly channels: number;
      readonly shorterSide: number | null;
      readonly quality: number;
    };

/** Sizes vary: JPEG with the shorter side at most 256, as random crops of 224 need it. */
const defaultStore: Store = { encoding: 'jpeg', shorterSide: 256, quality: 95 };

/** Of images that all have one size. */
interface RawSize {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** The form for a source: as `dataset.json` says, else raw where all its images have one size. */
export function storeFor(configured: Store | undefined, image: RawSize | undefined): Store {
  if (configured !== undefined) return configured;
  return image === undefined
    ? defaultStore
    : { encoding: 'raw', ...image, channels: image.channels === 1 ? 1 : 3, fit: 'exact' };
}

/** How a manifest puts it. */
export function storedImages(store: Store): StoredImages {
  if (store.encoding === 'raw') {
    return { encoding: 'raw', height: store.height, width: store.width, channels: store.channels };
  }
  return { encoding: 'jpeg', channels: 3, shorterSide: store.shorterSide ?? null, quality: store.quality };
}
