import type { Tensor } from '@tensorflow/tfjs-node-gpu';
import { float, int, type } from '../attributes.ts';
import { defineOp, kernel, onceOnCpu, tf } from '../platform.ts';

interface BatchNormAttributes {
  readonly epsilon: number;
  /** Share of the old value that a moving average keeps in one step. */
  readonly decay: number;
  readonly training: boolean;
  /** Apply a ReLU to the result in the same pass. */
  readonly relu: boolean;
}

function attributesOf({ epsilon, training }: BatchNormAttributes) {
  return {
    T: type('float32'),
    U: type('float32'),
    epsilon: float(epsilon),
    data_format: 'NHWC',
    is_training: training,
  };
}

function forwardAttributes(attributes: BatchNormAttributes) {
  return { ...attributesOf(attributes), exponential_avg_factor: float(attributes.training ? 1 - attributes.decay : 1) };
}

function plain(inputs: Tensor[], attributes: BatchNormAttributes): Tensor[] {
  return kernel('FusedBatchNormV3', forwardAttributes(attributes), inputs, 6);
}

/** oneDNN's batch norm with a ReLU, which TensorFlow registers under a private name and label. */
function oneDnnWithRelu(inputs: Tensor[], attributes: BatchNormAttributes): Tensor[] {
  const relu = { activation_mode: 'Relu', num_side_inputs: int(0), _kernel: 'MklNameChangeOp' };
  return kernel('_MklNativeFusedBatchNormEx', { ...forwardAttributes(attributes), ...relu }, inputs, 6);
}

/** Whether the library on this machine has that op, and it does what its name says. */
const oneDnnServes = onceOnCpu(() => {
  const vector = (values: number[]) => tf.tensor1d(values);
  const inputs = [tf.tensor4d([-2, 2], [2, 1, 1, 1]), vector([1]), vector([1]), vector([0]), vector([1])];
  const attributes = { epsilon: 0, decay: 0.5, training: true, relu: true };
  const [y, mean, variance] = oneDnnWithRelu(inputs, attributes).map((tensor) => tensor.dataSync());
  return String([...y!, ...mean!, ...variance!]) === '0,2,0,4.5';
});

function gradients(dy: Tensor, saved: readonly Tensor[], attributes: BatchNormAttributes) {
  const [x, scale, ...reserved] = saved;
  const inputs = [dy, x!, scale!, ...reserved];
  const [dx, dScale, dOffset] = kernel('FusedBatchNormGradV3', attributesOf(attributes), inputs, 5);
  return { x: () => dx!, scale: () => dScale!, offset: () => dOffset! };
}

// Outputs: y, moving mean, moving variance, then three that only TensorFlow's gradient op reads.
const normalise = defineOp<BatchNormAttributes>({
  name: 'SelfsupBatchNorm',
  forward: ({ x, scale, offset, mean, variance }, attributes) =>
    plain([x!, scale!, offset!, mean!, variance!], attributes),
  saveInputs: ['x', 'scale'],
  saveOutputs: [false, false, false, true, true, true],
  backward: gradients,
});

const normaliseWithRelu = defineOp<BatchNormAttributes>({
  name: 'SelfsupBatchNormRelu',
  forward: ({ x, scale, offset, mean, variance }, attributes) => {
    const inputs = [x!, scale!, offset!, mean!, variance!];
    if (attributes.training && oneDnnServes()) return oneDnnWithRelu(inputs, attributes);
    const [normalised, ...others] = plain(inputs, attributes);
    return [tf.relu(normalised!), ...others];
  },
  saveInputs: ['x', 'scale'],
  saveOutputs: [true, false, false, true, true, true],
  backward: (dOutput, [x, scale, y, ...reserved], attributes) => {
    const [dy] = kernel('ReluGrad', { T: type('float32') }, [dOutput, y!]);
    return gradients(dy!, [x!, scale!, ...reserved], attributes);
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
  const [y, mean, variance] = (attributes.relu ? normaliseWithRelu : normalise)(inputs, attributes);
  return { y: y!, mean: mean!, variance: variance! };
}
