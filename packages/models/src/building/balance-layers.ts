import { variableGradients } from '@selfsup/engine/optimizer-ops';
import { deviceNormal } from '@selfsup/engine/platform';
import { tf } from '@selfsup/engine/tensorflow';
import { UserError } from '@selfsup/kit/errors';
import type { RandomKey } from '@selfsup/kit/random';
import { affineLayers, type AffineLayer } from './affine-layers.ts';

const MOST_ROUNDS = 10;
/** Layers whose rates differ by less, as logarithms, are balanced. */
const TOLERANCE = 0.01;

/** What came of a balancing. */
export interface Balance {
  readonly rounds: number;
  /** The greatest of the layers' rates of change by the least, before and after. */
  readonly before: number;
  readonly after: number;
}

/**
 * Scales the layers of a chain so that all of them would change at the same rate, as released by Krähenbühl et al. 2016
 * (arXiv:1511.06856, §3.2): a layer's rate is the root mean square of its kernel's gradient, by that of the kernel, where the
 * gradients of the output are normal noise. Every kernel is multiplied by the root of its rate by the target, which is the
 * geometric mean of all rates times the output's deviation to the power of one by the number of layers: where activations
 * are homogeneous the output keeps its direction, and its deviation goes to 1. Biases follow the size of what comes into
 * their layer. Runs until all rates lie within 1 % of the target, ten rounds at most; the noise is the same in all of them.
 *
 * `models` follow one another, `x` is what the first takes (left to the caller), a batch of normalised images. Batch norm must
 * be folded (`foldBatchNorm`), else the scale of a kernel would be lost in it: throws `UserError` naming the config's `field` for
 * one that is not.
 */
export function balanceLayers(
  models: readonly tf.LayersModel[],
  x: tf.Tensor,
  key: RandomKey,
  field = 'balance',
): Balance {
  const layers = models.flatMap(affineLayers);
  const changing = layers.find(({ norm }) => norm !== undefined && !isFolded(norm));
  if (changing !== undefined)
    throw new UserError(`Layers cannot be balanced under batch norm, which follows '${changing.layer.name}'`, {
      field,
      remedy: 'Fold batch norm first, or leave the layers as they are.',
    });
  const sizes = layers.map((_, i) => inputSize(models, layers, i, x));
  let [rates, deviation] = ratesOf(models, layers, x, key);
  const before = spread(rates);
  let rounds = 0;
  while (rounds < MOST_ROUNDS) {
    const logarithm = (value: number): number => Math.log(value) / layers.length;
    const target = Math.exp(rates.reduce((sum, rate) => sum + logarithm(rate), logarithm(deviation)));
    if (rates.every((rate) => Math.abs(Math.log(rate / target)) < TOLERANCE)) break;
    layers.forEach(({ kernel, bias }, i) => {
      const size = inputSize(models, layers, i, x);
      const factor = Math.sqrt(rates[i]! / target);
      scale(kernel, factor);
      if (bias !== undefined) scale(bias, (factor * size) / sizes[i]!);
      sizes[i] = size;
    });
    rounds += 1;
    [rates, deviation] = ratesOf(models, layers, x, key);
  }
  return { rounds, before, after: spread(rates) };
}

/** Whether it adds its offset and does nothing else. */
function isFolded({ epsilon, gamma, mean, variance }: NonNullable<AffineLayer['norm']>): boolean {
  const all = (values: tf.Variable | undefined, wanted: number): boolean =>
    values === undefined || (values.dataSync() as Float32Array).every((value) => Math.abs(value - wanted) < 1e-6);
  return all(gamma, 1) && all(mean, 0) && all(variance, 1 - epsilon);
}

const spread = (rates: readonly number[]): number => Math.max(...rates) / Math.min(...rates);

function scale(variable: tf.Variable, factor: number): void {
  tf.tidy(() => variable.assign(variable.mul(factor)));
}

/** The models one after another, in inference mode. */
function apply(models: readonly tf.LayersModel[], x: tf.Tensor): tf.Tensor {
  return models.reduce((values, model) => model.apply(values, { training: false }) as tf.Tensor, x);
}

/** Mean absolute value of what comes into a layer. */
function inputSize(
  models: readonly tf.LayersModel[],
  layers: readonly AffineLayer[],
  place: number,
  x: tf.Tensor,
): number {
  const { layer } = layers[place]!;
  const own = models.findIndex((model) => model.layers.includes(layer));
  return tf.tidy(() => {
    const below = apply(models.slice(0, own), x);
    const input = layer.input as tf.SymbolicTensor;
    const values =
      input.sourceLayer.getClassName() === 'InputLayer'
        ? below
        : (tf.model({ inputs: models[own]!.inputs, outputs: input }).apply(below, { training: false }) as tf.Tensor);
    return values.abs().mean().dataSync()[0]!;
  });
}

/** The rate of each layer, and the mean over the output's channels of their deviation. */
function ratesOf(
  models: readonly tf.LayersModel[],
  layers: readonly AffineLayer[],
  x: tf.Tensor,
  key: RandomKey,
): [number[], number] {
  return tf.tidy(() => {
    let deviation = 0;
    const kernels = layers.map(({ kernel }) => kernel);
    const { gradients } = variableGradients(() => {
      const output = apply(models, x);
      const rows = output.reshape([-1, output.shape.at(-1)!]);
      deviation = tf.moments(rows, 0).variance.sqrt().mean().dataSync()[0]!;
      return output.mul(deviceNormal(key, output.shape)).sum();
    }, kernels);
    const rootMeanSquare = (values: tf.Tensor): number => Math.sqrt(values.square().mean().dataSync()[0]!);
    return [kernels.map((kernel) => rootMeanSquare(gradients[kernel.name]!) / rootMeanSquare(kernel)), deviation];
  });
}
