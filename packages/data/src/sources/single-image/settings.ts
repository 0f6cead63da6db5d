import { z } from 'zod';

const degrees = z.union([z.literal(false), z.number().positive().max(180)]);
const ascending = ([low, high]: readonly [number, number]): boolean => low <= high;
const range = z
  .tuple([z.number().positive(), z.number().positive()])
  .refine(ascending, { message: 'The first must not be above the second' });
const strength = z.number().min(0).max(10);

/**
 * Strengths of the augmentations that make many images of one (Asano et al. 2020, "A critical analysis of self-supervision",
 * §3.1); `false` switches one off. Defaults are those of the released script, which differ a little from the paper.
 */
export const strengthsSchema = z.strictObject({
  /** A square anywhere, whose side is this part of the picture's shorter side. */
  initialCrop: z.union([z.literal(false), z.number().gt(0).max(1)]).default(0.5),
  /** Then a rectangle: part of the area (uniform) and ratio of width to height (log-uniform). */
  scale: z
    .union([
      z.literal(false),
      z.strictObject({ area: range.default([1 / 500, 1]), ratio: range.default([3 / 4, 4 / 3]) }),
    ])
    .prefault({}),
  /** Turned by up to so many degrees to either side. */
  rotation: degrees.default(30),
  /** Sheared along the horizontal by up to so many degrees. */
  shear: z.union([z.literal(false), z.number().positive().max(80)]).default(30),
  horizontalFlip: z.boolean().default(false),
  verticalFlip: z.boolean().default(false),
  /** Brightness, contrast, saturation (factors 1 ± s) and hue (turns) in random order, with a probability. */
  colourJitter: z
    .union([
      z.literal(false),
      z.strictObject({
        probability: z.number().min(0).max(1).default(0.5),
        brightness: strength.default(0.4),
        contrast: strength.default(0.4),
        saturation: strength.default(0.4),
        hue: z.number().min(0).max(0.5).default(0.1),
      }),
    ])
    .prefault({}),
  /** A change of contrast of its own by a factor 1 ± s, for studies of it alone. */
  contrast: z.union([z.literal(false), strength]).default(false),
  /** Standard deviation of normal noise added to each byte, in units of 0 to 255. */
  noise: z.union([z.literal(false), z.number().positive().max(128)]).default(false),
});

export type Strengths = z.infer<typeof strengthsSchema>;
