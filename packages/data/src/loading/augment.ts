import { z } from 'zod';
import { UserError } from '@selfsup/kit/errors';
import type { StoredImages } from '../store/store.ts';

const side = z.int().min(1).max(4096);
const range = z.tuple([z.number().positive(), z.number().positive()]).refine(([low, high]) => low <= high, {
  message: 'The first must not be above the second',
});
/** Strength of a change: a factor from [1 - s, 1 + s], at least 0. */
const strength = z.number().min(0).max(10).default(0);

const geometries = ['randomResizedCrop', 'scaledCrop', 'randomCrop', 'centreCrop', 'tenCrop', 'padCrop'] as const;

/**
 * What the loader does to each image before it leaves the worker: at most one crop, then mirroring, then colours.
 * Every draw is a function of (seed, epoch, image) alone.
 */
export const augmentSchema = z
  .strictObject({
    /**
     * A rectangle of random area (part of the image) and aspect ratio (log-uniform), scaled to `size` × `size`; the
     * centre where ten draws do not fit (Szegedy et al. 2015, as torchvision has it).
     */
    randomResizedCrop: z
      .strictObject({ size: side, area: range.default([0.08, 1]), ratio: range.default([3 / 4, 4 / 3]) })
      .optional(),
    /**
     * A square anywhere whose side is `size` times a uniform factor, scaled to `size` × `size`: the factor is stored pixels for
     * each pixel of the view, its bounds lowered to what fits into the image (Krähenbühl's transfer to VOC 2007).
     */
    scaledCrop: z.strictObject({ size: side, scale: range.default([0.5, 2]) }).optional(),
    /** Scale the shorter side to this before a random, centre or ten-crop. */
    resize: side.optional(),
    /** A square of this many pixels, anywhere. */
    randomCrop: side.optional(),
    /** Take the random crop inside the middle square of this side (DeepCluster's probes: 224 of the middle 256). */
    within: side.optional(),
    /** A square of this many pixels from the middle. */
    centreCrop: side.optional(),
    /** The four corners and the middle, each also mirrored: ten views of each image (Krizhevsky et al. 2012). */
    tenCrop: side.optional(),
    /** Zero-pad (raw black) by this many pixels on each side and crop the original size at random. */
    padCrop: z.int().min(0).max(64).optional(),
    /** Mirror left-right with probability one half. */
    flip: z.boolean().optional(),
    /** Brightness, contrast, saturation (factors) and hue (turns) in random order. */
    colourJitter: z
      .strictObject({
        brightness: strength,
        contrast: strength,
        saturation: strength,
        hue: z.number().min(0).max(0.5).default(0),
        probability: z.number().min(0).max(1).default(1),
      })
      .optional(),
    /** Probability of taking all colour away. */
    grey: z.number().min(0).max(1).optional(),
  })
  .superRefine((augment, context) => {
    const named = geometries.filter((name) => augment[name] !== undefined);
    if (named.length > 1) {
      context.addIssue({
        code: 'custom',
        path: [named[1]!],
        message: `Only one of ${named.join(' and ')} can be used`,
      });
    }
    const crops = augment.randomCrop ?? augment.centreCrop ?? augment.tenCrop;
    if (augment.resize !== undefined && crops === undefined) {
      context.addIssue({
        code: 'custom',
        path: ['resize'],
        message: 'Needs randomCrop, centreCrop or tenCrop beside it',
      });
    }
    if (augment.resize !== undefined && crops !== undefined && crops > augment.resize) {
      context.addIssue({ code: 'custom', path: ['resize'], message: `Is less than the crop of ${crops}` });
    }
    const { within, randomCrop, resize } = augment;
    if (within !== undefined && (randomCrop === undefined || within < randomCrop || within > (resize ?? within))) {
      context.addIssue({
        code: 'custom',
        path: ['within'],
        message: 'Needs randomCrop beside it, and lies between the crop and what the image is resized to',
      });
    }
    if (augment.tenCrop !== undefined && augment.flip === true) {
      context.addIssue({ code: 'custom', path: ['flip'], message: 'tenCrop mirrors by itself' });
    }
  });

export type Augment = z.infer<typeof augmentSchema>;

/** Size of one image, in pixels. */
export interface ImageSize {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** Views that each image gives: 10 for a ten-crop, else 1. */
export function viewsPerImage(augment: Augment): number {
  return augment.tenCrop === undefined ? 1 : 10;
}

/**
 * Size of the images that a loader gives. Throws `UserError` where the stored images vary in size and nothing says to
 * what size they are to be brought, and for changes of colour of grey images; `field` is where the config says it.
 */
export function outputSize(images: StoredImages, augment: Augment, field = 'augment'): ImageSize {
  const { channels } = images;
  if (channels !== 3 && (augment.colourJitter !== undefined || augment.grey !== undefined)) {
    throw new UserError('Colours of grey images cannot be changed', {
      field: augment.grey === undefined ? `${field}.colourJitter` : `${field}.grey`,
      remedy: 'Leave it out.',
    });
  }
  const random = augment.randomResizedCrop?.size ?? augment.scaledCrop?.size ?? augment.randomCrop;
  const crop = random ?? augment.centreCrop ?? augment.tenCrop;
  if (crop !== undefined) return { height: crop, width: crop, channels };
  if (images.encoding === 'raw') return { height: images.height, width: images.width, channels };
  throw new UserError('The images of this dataset vary in size', {
    field,
    remedy: 'Say to what size: randomResizedCrop, or resize with centreCrop, randomCrop or tenCrop.',
  });
}

/**
 * The view for measuring that goes with a view for training: all of the image where that changes no size, else the
 * shorter side scaled to 8/7 of the size (256 for 224) and the centre cropped.
 */
export function measuringView(images: StoredImages, size: ImageSize): Augment {
  const fits = images.encoding === 'raw' && images.height === size.height && images.width === size.width;
  return fits ? {} : { resize: Math.round((size.height * 8) / 7), centreCrop: size.height };
}
