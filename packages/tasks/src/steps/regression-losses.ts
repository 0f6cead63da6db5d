import type { tf } from '@selfsup/engine/tensorflow';

/** Mean over batch and components of squared differences: the released code's loss. */
export function meanSquaredError(estimates: tf.Tensor, targets: tf.Tensor): tf.Scalar {
  return estimates.sub(targets).square().mean();
}

/** ½‖estimate − target‖², a mean over the batch `[batch, entries]`: the loss of the paper, for matrices and for codes. */
export function halfSquaredNorm(estimates: tf.Tensor2D, targets: tf.Tensor2D): tf.Scalar {
  return estimates.sub(targets).square().sum(1).mean().mul<tf.Scalar>(0.5);
}
