import { tf } from '@selfsup/engine/tensorflow';
import { UserError } from '@selfsup/kit/errors';
import { halfSquaredNorm, meanSquaredError } from '../../steps/regression-losses.ts';
import {
  coefficientsOf,
  drawProjective,
  jitterPixels,
  PROJECTIVE_COMPONENTS,
  projectiveCoefficients,
  standardise,
  type ProjectiveRanges,
  type Standardisation,
} from './projective.ts';
import { rowsOf, type Transformation } from './transformation.ts';
import { warp } from './warp.ts';

/**
 * Projective transformations of square images of `side` pixels. Their description is the released code's standardised
 * coefficients; `loss` compares these (mean squared error) or the matrices of `projectiveMatrices` (½‖M(θ) − M(θ̂)‖²).
 * Throws `UserError` where the ranges come to nothing at this size.
 */
export function projectiveTransformation(
  ranges: ProjectiveRanges,
  standardisation: Standardisation,
  loss: 'parameters' | 'matrix',
  side: number,
): Transformation {
  const moves = ranges.quarterTurns || ranges.scale[0] < ranges.scale[1] || jitterPixels(ranges.jitter, side) > 0;
  if (!moves) {
    throw new UserError(`Corners of images of ${side} pixels that shift by ${ranges.jitter} of the side do not move`, {
      field: 'task.jitter',
      remedy: `Give at least 1/${side}.`,
    });
  }
  const matrices = projectiveMatrices(standardisation, side);
  return {
    components: PROJECTIVE_COMPONENTS,
    bounded: false,
    groups: { linear: [0, 1, 3, 4], translation: [2, 5], perspective: [6, 7] },
    sample(images, key, first = 0) {
      const coefficients = Array.from({ length: images.shape[0] }, (_, i) =>
        projectiveCoefficients(drawProjective(key, first + i, ranges, side), side),
      );
      const targets = coefficients.map((one) => standardise(one, standardisation));
      return {
        images: warp(images, coefficients),
        targets: tf.tensor2d(targets, [coefficients.length, PROJECTIVE_COMPONENTS]),
      };
    },
    apply: (images, descriptions) =>
      warp(
        images,
        rowsOf(descriptions).map((row) => coefficientsOf(row, standardisation)),
      ),
    loss: (estimates, targets) =>
      loss === 'parameters'
        ? meanSquaredError(estimates, targets)
        : halfSquaredNorm(matrices(estimates), matrices(targets)),
  };
}

/**
 * Gives the function from targets, or estimates of them, `[batch, 8]` to the nine entries `[batch, 9]` of M(θ), row by
 * row: the map from the transformed image to the original, positions counted from the centre in halves of the side. Its
 * scale is that of the coefficients (last entry 1 in pixels), so it is linear in them.
 */
export function projectiveMatrices(
  standardisation: Standardisation,
  side: number,
): (targets: tf.Tensor2D) => tf.Tensor2D {
  const constant = centred(coefficientsOf(new Array<number>(8).fill(0), standardisation), side);
  const columns = Array.from({ length: PROJECTIVE_COMPONENTS }, (_, i) => {
    const unit = coefficientsOf(
      Array.from({ length: 8 }, (_one, j) => (i === j ? 1 : 0)),
      standardisation,
    );
    return centred(unit, side).map((value, entry) => value - constant[entry]!);
  });
  return (targets) => tf.tidy(() => targets.matMul(tf.tensor2d(columns)).add<tf.Tensor2D>(tf.tensor1d(constant)));
}

/** N·H·N⁻¹ row by row, H the matrix of the coefficients and N from pixels to halves of the side about the centre. */
function centred(coefficients: readonly number[], side: number): number[] {
  const half = side / 2;
  const entries = [...coefficients, 1];
  const rows = [0, 3, 6].map((start) => {
    const [x, y, shift] = entries.slice(start, start + 3) as [number, number, number];
    return [x * half, y * half, (x + y) * half + shift];
  }) as [number[], number[], number[]];
  const last = rows[2];
  return [...rows.slice(0, 2).map((row) => row.map((value, i) => (value - half * last[i]!) / half)), last].flat();
}
