import { tf } from '@selfsup/engine/tensorflow';
import { UserError } from '@selfsup/kit/errors';

/** A convolution or matrix product of a model. */
export interface AffineLayer {
  readonly layer: tf.layers.Layer;
  /** Outputs are its last axis. */
  readonly kernel: tf.Variable;
  /** `[outputs]`: its own bias or, where it has none, the offset of the batch norm behind it. */
  readonly bias: tf.Variable | undefined;
  /** The batch norm behind it. */
  readonly norm: BatchNorm | undefined;
}

/** A batch norm's weights, `[channels]` each. */
interface BatchNorm {
  readonly epsilon: number;
  readonly gamma: tf.Variable | undefined;
  readonly beta: tf.Variable | undefined;
  readonly mean: tf.Variable;
  readonly variance: tf.Variable;
}

/** The convolutions and matrix products of a model that have weights to train, from its input on. */
export function affineLayers(model: tf.LayersModel): AffineLayer[] {
  const norms = model.layers.filter((layer) => layer.getClassName() === 'BatchNormalization');
  return model.layers
    .filter((layer) => ['Conv2D', 'GroupedConv2D', 'Dense'].includes(layer.getClassName()))
    .filter((layer) => layer.trainableWeights.length > 0)
    .map((layer) => {
      const { kernel, bias } = weightsOf(layer);
      const output = (layer.output as tf.SymbolicTensor).id;
      const behind = norms.find((norm) => (norm.input as tf.SymbolicTensor).id === output);
      const norm = behind && batchNormOf(behind);
      return { layer, kernel: kernel!, bias: bias ?? norm?.beta, norm };
    });
}

function weightsOf(layer: tf.layers.Layer): Readonly<Record<string, tf.Variable | undefined>> {
  return Object.fromEntries(
    layer.weights.map((weight) => [weight.originalName.split('/').at(-1)!, weight.read() as tf.Variable]),
  );
}

function batchNormOf(layer: tf.layers.Layer): BatchNorm {
  const { gamma, beta, moving_mean: mean, moving_variance: variance } = weightsOf(layer);
  const { epsilon } = layer as tf.layers.Layer & { readonly epsilon: number };
  return { epsilon, gamma, beta, mean: mean!, variance: variance! };
}

/**
 * Moves the arithmetic of batch norm in inference mode into the weights before it, as those do who carry a network over to
 * Caffe: afterwards each batch norm only adds its offset, or nothing where the layer before has a bias, and the model computes
 * what it did, as long as it stays in inference mode. Throws `UserError` for a batch norm that stands elsewhere.
 */
export function foldBatchNorm(model: tf.LayersModel): void {
  const layers = affineLayers(model);
  const norms = model.layers.filter((layer) => layer.getClassName() === 'BatchNormalization').length;
  const refusal = new UserError(`The network '${model.name}' has a batch norm that cannot be folded`, {
    field: 'batchNorm',
    remedy: "Keep it as it is, by 'frozen'.",
  });
  if (layers.filter(({ norm }) => norm !== undefined).length < norms) throw refusal;
  for (const { layer, kernel, bias, norm } of layers) {
    if (norm === undefined) continue;
    if (bias === undefined) throw refusal;
    tf.tidy(() => {
      const { gamma, beta, mean, variance, epsilon } = norm;
      const rate = variance
        .add(epsilon)
        .rsqrt()
        .mul(gamma ?? 1);
      const own = layer.weights.length > 1 ? bias : undefined;
      const offset = tf
        .sub(own ?? 0, mean)
        .mul(rate)
        .add(beta ?? 0);
      kernel.assign(kernel.mul(rate));
      beta?.assign(tf.zerosLike(beta));
      bias.assign(offset as tf.Tensor1D);
      gamma?.assign(tf.onesLike(gamma));
      mean.assign(tf.zerosLike(mean));
      variance.assign(tf.fill(variance.shape, 1 - epsilon));
    });
  }
}
