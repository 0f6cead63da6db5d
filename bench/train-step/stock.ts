// What one writes with stock tfjs: nothing of ours but the helpers of node:util, without which it does not load.
import util from 'node:util';
import type { SymbolicTensor, Tensor } from '@tensorflow/tfjs-node-gpu';
import { measure, settings } from './timing.ts';

const legacy = util as unknown as Record<string, unknown>;
legacy.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
legacy.isArray ??= Array.isArray;
const tf = await import('@tensorflow/tfjs-node-gpu');

const { shape, warmUp, steps } = settings();
const { width, batch } = shape;
const model = tf.sequential();
let inputShape: number[] | undefined = [32, 32, 3];
const unit = (filters: number, kernelSize: number): void => {
  const first = inputShape === undefined ? {} : { inputShape };
  model.add(tf.layers.conv2d({ filters, kernelSize, padding: 'same', useBias: false, ...first }));
  model.add(tf.layers.batchNormalization());
  model.add(tf.layers.reLU());
  inputShape = undefined;
};
unit(width, 5);
unit(Math.floor((width * 160) / 192), 1);
unit(Math.floor(width / 2), 1);
model.add(tf.layers.maxPooling2d({ poolSize: 3, strides: 2, padding: 'same' }));
for (const side of [5, 1, 1]) unit(width, side);
model.add(tf.layers.averagePooling2d({ poolSize: 3, strides: 2, padding: 'same' }));
for (const side of [3, 1, 1]) unit(width, side);
model.add(tf.layers.globalAveragePooling2d({}));
model.add(tf.layers.dense({ units: 4 }));

const images = tf.randomNormal([batch, 32, 32, 3], 0, 1, 'float32', 1);
const labels = tf.oneHot(
  tf.tensor1d(
    Array.from({ length: batch }, (_, i) => i % 4),
    'int32',
  ),
  4,
);
// Without weight decay, which would only slow it down.
const optimizer = tf.train.momentum(0.1, 0.9, true);
const loss = () => {
  const logits = model.apply(images, { training: true }) as SymbolicTensor | Tensor;
  return tf.losses.softmaxCrossEntropy(labels, logits as Tensor).asScalar();
};
measure(
  () => {
    const value = optimizer.minimize(loss, true)!;
    const [result] = value.dataSync();
    value.dispose();
    return result!;
  },
  warmUp,
  steps,
);
