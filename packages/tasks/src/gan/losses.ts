import type { tf } from '@selfsup/engine/tensorflow';

/** What the two sides of the game pay. */
export interface AdversarialLosses {
  readonly discriminator: tf.Scalar;
  /** Of generator and encoder. */
  readonly generator: tf.Scalar;
}

/**
 * The objective of Donahue et al. 2017, equations (2) and (3), in the form in which both sides have gradients (non-saturating:
 * the other side's loss with its labels swapped): each the mean of the binary cross entropies on real pairs (x, E(x)) and
 * generated pairs (G(z), z), halved. Where the discriminator knows nothing, both are ln 2.
 *
 * @param real logits of real pairs, `[batch, 1]`
 * @param generated logits of generated pairs, `[batch, 1]`
 */
export function adversarialLosses(real: tf.Tensor, generated: tf.Tensor): AdversarialLosses {
  // −ln sigmoid(a) is softplus(−a).
  const halved = (one: tf.Tensor, other: tf.Tensor): tf.Scalar =>
    one.softplus().mean().add(other.softplus().mean()).mul(0.5);
  return { discriminator: halved(real.neg(), generated), generator: halved(real, generated.neg()) };
}

/** ‖E(G(z)) − z‖² as a mean over the values of the codes `[batch, latent]`: the latent regressor's objective. */
export function latentError(estimated: tf.Tensor2D, drawn: tf.Tensor2D): tf.Scalar {
  return estimated.sub(drawn).square().mean();
}
