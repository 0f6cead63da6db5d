import { tf } from '@selfsup/engine/tensorflow';
import { halfSquaredNorm, meanSquaredError } from '../../steps/regression-losses.ts';
import {
  AFFINE_COMPONENTS,
  affineCoefficients,
  affineParameters,
  affineTarget,
  drawAffine,
  type AffineRanges,
} from './affine.ts';
import { rowsOf, type Transformation } from './transformation.ts';
import { warp } from './warp.ts';

/**
 * Affine transformations of square images of `side` pixels. Their description is the released code's normalised
 * parameters; `loss` compares these (mean squared error) or the matrices of `affineMatrices` (½‖M(θ) − M(θ̂)‖²).
 */
export function affineTransformation(
  ranges: AffineRanges,
  loss: 'parameters' | 'matrix',
  side: number,
): Transformation {
  const matrices = (targets: tf.Tensor2D) => affineMatrices(targets, ranges);
  return {
    components: AFFINE_COMPONENTS,
    bounded: true,
    groups: { rotation: [0, 1], translation: [2, 3], scale: [4], shear: [5] },
    sample(images, key, first = 0) {
      const drawn = Array.from({ length: images.shape[0] }, (_, i) => drawAffine(key, first + i, ranges, side));
      const targets = drawn.map((parameters) => affineTarget(parameters, ranges, side));
      return {
        images: warp(
          images,
          drawn.map((parameters) => affineCoefficients(parameters, side)),
        ),
        targets: tf.tensor2d(targets, [drawn.length, AFFINE_COMPONENTS]),
      };
    },
    apply: (images, descriptions) =>
      warp(
        images,
        rowsOf(descriptions).map((row) => affineCoefficients(affineParameters(row, ranges, side), side)),
      ),
    loss: (estimates, targets) =>
      loss === 'parameters'
        ? meanSquaredError(estimates, targets)
        : halfSquaredNorm(matrices(estimates), matrices(targets)),
  };
}

/**
 * The first two rows of M(θ) of each target, or estimate of one, `[batch, 6]` to `[batch, 6]`: the map from the original
 * to the transformed image, positions counted from the centre in halves of the side. Cosine and sine are taken as they
 * are, so that every estimate has a matrix and a gradient.
 */
export function affineMatrices(targets: tf.Tensor2D, ranges: AffineRanges): tf.Tensor2D {
  const [least, greatest] = ranges.scale;
  return tf.tidy(() => {
    const [cosine, sine, x, y, scaled, sheared] = targets.split(AFFINE_COMPONENTS, 1) as [
      tf.Tensor,
      tf.Tensor,
      tf.Tensor,
      tf.Tensor,
      tf.Tensor,
      tf.Tensor,
    ];
    const scale = scaled.mul((greatest - least) / 2).add((least + greatest) / 2);
    const shear = sheared.mul((ranges.shear * Math.PI) / 180);
    const [cosShear, sinShear] = [shear.cos(), shear.sin()];
    const sineOfSum = sine.mul(cosShear).add(cosine.mul(sinShear));
    const cosineOfSum = cosine.mul(cosShear).sub(sine.mul(sinShear));
    const shift = (value: tf.Tensor) => value.mul(2 * ranges.translation);
    return tf.concat(
      [scale.mul(cosine), scale.mul(sineOfSum).neg(), shift(x), scale.mul(sine), scale.mul(cosineOfSum), shift(y)],
      1,
    ) as tf.Tensor2D;
  });
}
