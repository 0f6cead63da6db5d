import type { LayersModel } from '@tensorflow/tfjs-node-gpu';

/**
 * Runs `f` with all batch-norm layers of the models keeping this share of their moving averages in a training step, in
 * place of their own. With i / (i + 1) in pass i, counted from 0, the averages become the plain means over all passes:
 * statistics estimated anew, as BiGAN does before measuring.
 */
export function withMovingDecay<Result>(models: readonly LayersModel[], decay: number, f: () => Result): Result {
  const layers = models
    .flatMap((model) => model.layers)
    .filter((layer) => layer.getClassName() === 'BatchNormalization') as unknown as { momentum: number }[];
  const before = layers.map((layer) => layer.momentum);
  try {
    for (const layer of layers) layer.momentum = decay;
    return f();
  } finally {
    layers.forEach((layer, i) => (layer.momentum = before[i]!));
  }
}
