import type { Tensor } from '@tensorflow/tfjs-node-gpu';
import { float, type } from '../attributes.ts';
import { defineOp, kernel, onceOnCpu, tf } from '../platform.ts';

interface BatchNormAttributes {
  readonly epsilon: number;
  /** Share of the old value that a moving average keeps in one step. */
  readonly decay: number;
  readonly training: boolean;
  /** Apply a ReLU to the result in the same pass. */
  readonly relu: boolean;
}

/** Whether our own ops are there, and do what they say: the addon of the npm package and GPUs have none. */
const oursServe = onceOnCpu(() => {
  const vector = (values: number[]) => tf.tensor1d(values);
  const inputs = [tf.tensor4d([-2, 2], [2, 1, 1, 1]), vector([1]), vector([1]), vector([0]), vector([1])];
  const attributes = ownAttributes({ epsilon: 0, decay: 0.5, training: true, relu: true });
  const [y, mean, variance] = kernel('SelfsupBatchNorm', attributes, inputs, 5).map((tensor) => tensor.dataSync());
  return String([...y!, ...mean!, ...variance!]) === '0,2,0,4.5';
});

function ownAttributes({ epsilon, decay, training, relu }: BatchNormAttributes) {
  return { epsilon: float(epsilon), decay: float(decay), training, relu };
}

// Outputs: y, moving mean, moving variance, then mean and inverse of the deviation that were used.
const own = defineOp<BatchNormAttributes>({
  name: 'SelfsupBatchNorm',
  forward: ({ x, scale, offset, mean, variance }, attributes) =>
    kernel('SelfsupBatchNorm', ownAttributes(attributes), [x!, scale!, offset!, mean!, variance!], 5),
  saveInputs: ['x', 'scale', 'offset'],
  saveOutputs: [false, false, false, true, true],
  backward: (dy, saved, attributes) => {
    const [dx, dScale, dOffset] = kernel('SelfsupBatchNormGrad', ownAttributes(attributes), [dy, ...saved], 3);
    return { x: () => dx!, scale: () => dScale!, offset: () => dOffset! };
  },
});

function stockAttributes({ epsilon, training }: BatchNormAttributes) {
  return {
    T: type('float32'),
    U: type('float32'),
    epsilon: float(epsilon),
    data_format: 'NHWC',
    is_training: training,
  };
}

// Outputs: y, moving mean, moving variance, then three that only TensorFlow's gradient op reads.
const stock = defineOp<BatchNormAttributes>({
  name: 'SelfsupStockBatchNorm',
  forward: ({ x, scale, offset, mean, variance }, attributes) => {
    const factor = float(attributes.training ? 1 - attributes.decay : 1);
    const all = { ...stockAttributes(attributes), exponential_avg_factor: factor };
    return kernel('FusedBatchNormV3', all, [x!, scale!, offset!, mean!, variance!], 6);
  },
  saveInputs: ['x', 'scale'],
  saveOutputs: [false, false, false, true, true, true],
  backward: (dy, saved, attributes) => {
    const [dx, dScale, dOffset] = kernel('FusedBatchNormGradV3', stockAttributes(attributes), [dy, ...saved], 5);
    return { x: () => dx!, scale: () => dScale!, offset: () => dOffset! };
  },
});

/** What one training step of batch normalisation yields. */
export interface BatchNormResult {
  /** Normalised input, `[batch, height, width, channels]`. */
  readonly y: Tensor;
  /** New moving mean, `[channels]`. */
  readonly mean: Tensor;
  /** New moving variance, `[channels]`; batches enter with their unbiased variance, as in PyTorch. */
  readonly variance: Tensor;
}

/**
 * Batch normalisation over all axes but the last (Ioffe & Szegedy 2015), in one pass: `x` is
 * `[batch, height, width, channels]`, the rest `[channels]`. In training it normalises with the batch's
 * statistics and moves the averages; otherwise with the moving averages, which it hands back unchanged.
 * Differentiable in x, scale and offset.
 */
export function batchNorm4d(
  inputs: { x: Tensor; scale: Tensor; offset: Tensor; mean: Tensor; variance: Tensor },
  attributes: BatchNormAttributes,
): BatchNormResult {
  const isOwn = oursServe();
  const [y, mean, variance] = (isOwn ? own : stock)(inputs, attributes);
  return { y: attributes.relu && !isOwn ? tf.relu(y!) : y!, mean: mean!, variance: variance! };
}
