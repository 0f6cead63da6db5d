import { deriveKey, uniform, type RandomKey } from '@selfsup/kit/random';

/** How far affine transformations go. */
export interface AffineRanges {
  /** Greatest rotation either way, in degrees. */
  readonly rotation: number;
  /** Greatest shift either way, as a part of the image's side. */
  readonly translation: number;
  /** Least and greatest scale. */
  readonly scale: readonly [number, number];
  /** Greatest shear either way, in degrees. */
  readonly shear: number;
}

/** One affine transformation: angles in degrees, shifts in pixels, right and down. */
export interface AffineParameters {
  readonly angle: number;
  readonly translation: readonly [number, number];
  readonly scale: number;
  readonly shear: number;
}

/** Numbers that describe an affine transformation to the decoder; see `affineTarget`. */
export const AFFINE_COMPONENTS = 6;

const radians = (degrees: number): number => (degrees * Math.PI) / 180;

/** Parameters of image number `image`, a function of `key` and that number. Shifts are whole pixels. */
export function drawAffine(key: RandomKey, image: number, ranges: AffineRanges, side: number): AffineParameters {
  const own = deriveKey(key, image);
  const between = (low: number, high: number, draw: number): number => low + (high - low) * uniform(own, draw);
  const shift = (draw: number): number => Math.round(between(-1, 1, draw) * ranges.translation * side);
  return {
    angle: between(-ranges.rotation, ranges.rotation, 0),
    translation: [shift(1), shift(2)],
    scale: between(...ranges.scale, 3),
    shear: between(-ranges.shear, ranges.shear, 4),
  };
}

/**
 * The map from a pixel of the transformed image to one of the original, `[a, b, c, d, e, f]`: x = aX + bY + c,
 * y = dX + eY + f, pixel centres lying at halves. It is the inverse of T·C·R·C⁻¹, T the shift, C the centre
 * (side/2 + 0.5, as the released code has it), R = s·[[cos a, −sin(a+φ)], [sin a, cos(a+φ)]].
 */
export function affineCoefficients({ angle, translation, scale, shear }: AffineParameters, side: number): number[] {
  const [a, sheared] = [radians(angle), radians(angle + shear)];
  const determinant = scale * Math.cos(radians(shear));
  const inverse = [
    [Math.cos(sheared) / determinant, Math.sin(sheared) / determinant],
    [-Math.sin(a) / determinant, Math.cos(a) / determinant],
  ] as const;
  const centre = side / 2 + 0.5;
  const [fromX, fromY] = [-translation[0] - centre, -translation[1] - centre];
  return inverse.flatMap(([x, y]) => [x, y, x * fromX + y * fromY + centre]);
}

/** `value` of [−range, range] as part of the range; 0 where there is no range. */
const part = (value: number, range: number): number => (range === 0 ? 0 : value / range);

/**
 * What the decoder is to give, each in [−1, 1]: cos a, sin a, then both shifts, the scale and the shear as parts of
 * their ranges (the released code's normalised parameters).
 */
export function affineTarget(parameters: AffineParameters, ranges: AffineRanges, side: number): number[] {
  const { angle, translation, scale, shear } = parameters;
  const [least, greatest] = ranges.scale;
  const reach = ranges.translation * side;
  return [
    Math.cos(radians(angle)),
    Math.sin(radians(angle)),
    part(translation[0], reach),
    part(translation[1], reach),
    part(2 * scale - least - greatest, greatest - least),
    part(shear, ranges.shear),
  ];
}

/** The transformation that a target, or an estimate of one, describes. */
export function affineParameters(target: ArrayLike<number>, ranges: AffineRanges, side: number): AffineParameters {
  const [cosine, sine, x, y, scale, shear] = Array.from(target) as [number, number, number, number, number, number];
  const [least, greatest] = ranges.scale;
  const reach = ranges.translation * side;
  return {
    angle: (Math.atan2(sine, cosine) * 180) / Math.PI,
    translation: [x * reach, y * reach],
    scale: (least + greatest + scale * (greatest - least)) / 2,
    shear: shear * ranges.shear,
  };
}
