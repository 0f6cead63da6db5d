import type { tf } from '@selfsup/engine/tensorflow';

/**
 * Floating-point operations of a model's convolutions and matrix products in a training step on `rows` inputs: forward,
 * and both gradients; where it begins with the batch (`first`), without the gradient of that.
 */
export function trainingFlops(model: tf.LayersModel, rows: number, first: boolean): number {
  let passes = first ? 2 : 3;
  let total = 0;
  for (const layer of model.layers) {
    const kernel = layer.trainableWeights.find(({ originalName }) => originalName.endsWith('/kernel'));
    if (kernel === undefined) continue;
    // A convolution uses each weight once at each place of its output, a matrix product once.
    const places = (layer.outputShape as number[]).slice(1, -1).reduce((product, side) => product * side, 1);
    total += passes * 2 * rows * places * kernel.shape.reduce<number>((product, side) => product * side!, 1);
    passes = 3;
  }
  return total;
}
