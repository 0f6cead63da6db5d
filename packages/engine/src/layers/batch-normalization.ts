import type { layers, SymbolicTensor, Tensor } from '@tensorflow/tfjs-node-gpu';
import { tf } from '../platform.ts';
import { batchNorm4d } from '../ops/batch-norm.ts';
import type { LayerChain } from './pooling/padded-pooling.ts';
import { onlyInput, stockClass, type LayerVariable } from './stock.ts';

/** The parts of tfjs's own layer that we lean on. */
interface StockBatchNormalization extends layers.Layer {
  readonly axis: number;
  readonly epsilon: number;
  readonly momentum: number;
  readonly gamma?: LayerVariable;
  readonly beta?: LayerVariable;
  readonly movingMean: LayerVariable;
  readonly movingVariance: LayerVariable;
}

type StockSettings = Parameters<typeof tf.layers.batchNormalization>[0];

const Stock = stockClass<StockBatchNormalization, StockSettings>(tf.layers.batchNormalization({ name: 'stock' }));

/**
 * tfjs's BatchNormalization with fused arithmetic and PyTorch's moving averages (unbiased variance). Same class
 * name, weights and config, so that what is saved with it loads where only stock tfjs is.
 */
class FusedBatchNormalization extends Stock {
  static readonly className = 'BatchNormalization';
  /** Whether the ReLU that follows is done here, in the same pass. */
  readonly #relu: boolean;

  constructor(settings: StockSettings, relu: boolean) {
    super(settings);
    this.#relu = relu;
  }

  override call(inputs: Tensor | Tensor[], kwargs?: { training?: boolean }): Tensor | Tensor[] {
    return tf.tidy(() => {
      const x = onlyInput(inputs);
      const channels = x.shape[x.rank - 1]!;
      const training = kwargs?.training === true;
      const { y, mean, variance } = batchNorm4d(
        {
          x: x.rank === 4 ? x : x.reshape([-1, 1, 1, channels]),
          scale: this.gamma?.read() ?? tf.ones([channels]),
          offset: this.beta?.read() ?? tf.zeros([channels]),
          mean: this.movingMean.read(),
          variance: this.movingVariance.read(),
        },
        { epsilon: this.epsilon, decay: this.momentum, training, relu: this.#relu },
      );
      if (training) {
        this.movingMean.write(mean);
        this.movingVariance.write(variance);
      }
      return x.rank === 4 ? y : y.reshape(x.shape);
    });
  }
}

/** tfjs's ReLU after a batch norm that did its work already. */
class PassedReLU extends stockClass<layers.Layer, { name: string }>(tf.layers.reLU({ name: 'stock' })) {
  static readonly className = 'ReLU';

  override call(inputs: Tensor | Tensor[]): Tensor {
    return onlyInput(inputs).clone();
  }
}

/** Settings of `batchNorm`. */
export interface BatchNormSettings {
  readonly name: string;
  /** Added to the variance. */
  readonly epsilon?: number;
  /** Share of the old value that the moving averages keep in one step (PyTorch's momentum is 1 - decay). */
  readonly decay?: number;
  /** Learn an offset per channel (`beta`). */
  readonly center?: boolean;
  /** Learn a scale per channel (`gamma`). */
  readonly scale?: boolean;
}

function build(settings: BatchNormSettings, relu: boolean): layers.Layer {
  const { name, epsilon = 1e-5, decay = 0.9, center = true, scale = true } = settings;
  return new FusedBatchNormalization({ name, epsilon, momentum: decay, center, scale, axis: -1 }, relu);
}

/**
 * Batch normalisation over all axes but the last, for `[batch, height, width, channels]` or
 * `[batch, features]`. Weights: `gamma`, `beta` (where wanted), `moving_mean`, `moving_variance`, each
 * `[channels]`. With `apply(x, { training: true })` it uses the batch's statistics and moves its averages, else
 * the averages. The averages take the unbiased variance, as PyTorch's do. Exports as tfjs's BatchNormalization.
 */
export function batchNorm(settings: BatchNormSettings): layers.Layer {
  return build(settings, false);
}

/**
 * `batchNorm` and a ReLU named `reluName`, in one pass over memory. Two layers to tfjs, which export as its own
 * BatchNormalization and ReLU; but while they run here the first one's output is past the ReLU, so nothing else
 * should read it.
 */
export function batchNormRelu(settings: BatchNormSettings & { readonly reluName: string }): LayerChain {
  return {
    apply(input) {
      const normalised = build(settings, true).apply(input);
      return new PassedReLU({ name: settings.reluName }).apply(normalised) as SymbolicTensor;
    },
  };
}
