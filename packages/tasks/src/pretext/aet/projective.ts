import { deriveKey, integer, uniform, type RandomKey } from '@selfsup/kit/random';

/** How far projective transformations go. */
export interface ProjectiveRanges {
  /** Least and greatest scale of the four corners about the centre. */
  readonly scale: readonly [number, number];
  /** Greatest shift of a corner along each axis after that, as a part of the image's side. */
  readonly jitter: number;
  /** Whether the corners also change places in turn: rotations by quarter turns. */
  readonly quarterTurns: boolean;
}

/** One projective transformation by its corners. */
export interface ProjectiveParameters {
  readonly scale: number;
  /** Which corner of the scaled square stands first: 0 to 3 quarter turns. */
  readonly turns: number;
  /** Shifts of the four corners in pixels: x and y of each. */
  readonly shifts: readonly number[];
}

/** What is taken from the eight coefficients, and what they are then divided by, for the decoder. */
export interface Standardisation {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** Numbers that describe a projective transformation to the decoder: its coefficients, standardised. */
export const PROJECTIVE_COMPONENTS = 8;

/** The released code's figures for 32 pixels, scaled to `side`. */
export function usualStandardisation(side: number): Standardisation {
  const [half, shift, tilt] = [side / 2, (20 * side) / 32, (0.015 * 32) / side];
  return { mean: [0, 0, half, 0, 0, half, 0, 0], std: [1, 1, shift, 1, 1, shift, tilt, tilt] };
}

/** Greatest shift of a corner in whole pixels. */
export function jitterPixels(jitter: number, side: number): number {
  return Math.floor(jitter * side + 1e-9);
}

/** Parameters of image number `image`, a function of `key` and that number. Corners shift by whole pixels. */
export function drawProjective(
  key: RandomKey,
  image: number,
  { scale, jitter, quarterTurns }: ProjectiveRanges,
  side: number,
): ProjectiveParameters {
  const own = deriveKey(key, image);
  const reach = jitterPixels(jitter, side);
  return {
    scale: scale[0] + (scale[1] - scale[0]) * uniform(own),
    turns: quarterTurns ? integer(own, 4) : 0,
    shifts: Array.from({ length: 8 }, (_, i) => integer(own, 2 * reach + 1, 1 + i) - reach),
  };
}

/**
 * The map from a pixel (X, Y) of the transformed image to one of the original, eight coefficients a…h: x = (aX + bY +
 * c)/w, y = (dX + eY + f)/w, w = gX + hY + 1, pixel centres lying at halves. It takes the four moved corners to the
 * original ones: corners scaled about (side/2 + 0.5), re-indexed by quarter turns, then shifted. No three of the moved
 * corners may lie on a line, which the ranges that `aet` accepts rule out.
 */
export function projectiveCoefficients({ scale, turns, shifts }: ProjectiveParameters, side: number): number[] {
  const corners: readonly (readonly [number, number])[] = [
    [0, 0],
    [side, 0],
    [side, side],
    [0, side],
  ];
  const centre = side / 2 + 0.5;
  const rows = corners.flatMap(([u, v], i) => {
    const from = corners[(i + turns) % 4]!;
    const x = (from[0] - centre) * scale + centre + shifts[2 * i]!;
    const y = (from[1] - centre) * scale + centre + shifts[2 * i + 1]!;
    return [
      [x, y, 1, 0, 0, 0, -x * u, -y * u, u],
      [0, 0, 0, x, y, 1, -x * v, -y * v, v],
    ];
  });
  return solve(rows);
}

/** Coefficients as the decoder is to give them. */
export function standardise(coefficients: readonly number[], { mean, std }: Standardisation): number[] {
  return coefficients.map((value, i) => (value - mean[i]!) / std[i]!);
}

/** The coefficients that a target, or an estimate of one, stands for. */
export function coefficientsOf(target: ArrayLike<number>, { mean, std }: Standardisation): number[] {
  return Array.from(target, (value, i) => value * std[i]! + mean[i]!);
}

/** Solves the linear equations of an augmented matrix by elimination with row exchange, in place. */
function solve(rows: number[][]): number[] {
  const size = rows.length;
  for (let column = 0; column < size; column++) {
    let pivot = column;
    for (let row = column + 1; row < size; row++) {
      if (Math.abs(rows[row]![column]!) > Math.abs(rows[pivot]![column]!)) pivot = row;
    }
    [rows[column], rows[pivot]] = [rows[pivot]!, rows[column]!];
    const leading = rows[column]!;
    for (const row of rows) {
      if (row === leading) continue;
      const factor = row[column]! / leading[column]!;
      if (factor !== 0) for (let i = column; i <= size; i++) row[i]! -= factor * leading[i]!;
    }
  }
  return rows.map((row, i) => row[size]! / row[i]!);
}
