import { describe, expect, it } from 'vitest';
import { localResponseNorm } from './layers.ts';
import { gradientError, maxDifference } from '../testing/checks.ts';
import { tf } from '../tensorflow.ts';

function modelOf(layer: { apply(input: tf.SymbolicTensor): unknown }, shape: number[]): tf.LayersModel {
  const input = tf.input({ shape });
  return tf.model({ inputs: input, outputs: layer.apply(input) as tf.SymbolicTensor });
}

describe('localResponseNorm', () => {
  // Strong settings, so that a wrong window, power or scale shows.
  const settings = { size: 5, alpha: 2, beta: 0.75, k: 1.5 };
  const x = tf.randomNormal([2, 3, 2, 7], 0, 1, 'float32', 1);
  const model = modelOf(localResponseNorm({ name: 'lrn', ...settings }), [3, 2, 7]);
  const apply = (x: tf.Tensor) => model.apply(x, { training: true }) as tf.Tensor;
  /** The paper's formula, channel by channel. */
  const byHand = (x: tf.Tensor) => {
    const channels = tf.unstack(x, 3);
    const scaled = channels.map((channel, i) => {
      const window = channels.slice(Math.max(0, i - 2), i + 3).map((neighbour) => neighbour.square());
      const sum = tf.addN(window);
      return channel.div(
        sum
          .mul(settings.alpha / settings.size)
          .add(settings.k)
          .pow(settings.beta),
      );
    });
    return tf.stack(scaled, 3);
  };

  it('is the closed form, and so is its gradient', () => {
    expect(maxDifference(apply(x), byHand(x))).toBeLessThan(1e-6);
    const gradient = (f: typeof apply) => tf.grad((v) => f(v).sin().sum())(x);
    expect(maxDifference(gradient(apply), gradient(byHand))).toBeLessThan(1e-5);
  });

  it('has the gradient of finite differences', () => {
    expect(gradientError(apply, [x])).toBeLessThan(2e-3);
  });

  // TensorFlow's own op, which serves GPUs and layers of many channels.
  it.each([
    { channels: 96, settings: {} },
    { channels: 3, settings: { size: 9, beta: 0.5 } },
    { channels: 600, settings: {} },
  ])("agrees with TensorFlow's own op on $channels channels, $settings", ({ channels, settings }) => {
    const { size, alpha, beta } = { size: 5, alpha: 1e-4, beta: 0.75, ...settings };
    const x = tf.randomNormal([2, 3, 3, channels], 0, 30, 'float32', 2) as tf.Tensor4D;
    const own = (v: tf.Tensor) =>
      tf.localResponseNormalization(v as tf.Tensor4D, (size - 1) / 2, 1, alpha / size, beta) as tf.Tensor;
    const layer = modelOf(localResponseNorm({ name: 'lrn', ...settings }), [3, 3, channels]);
    const ours = (v: tf.Tensor) => layer.apply(v, { training: true }) as tf.Tensor;
    const gradient = (f: typeof ours) => tf.grad((v) => f(v).mul(v.sin()).sum())(x);
    expect(maxDifference(ours(x).div(30), own(x).div(30))).toBeLessThan(1e-6);
    expect(maxDifference(gradient(ours).div(30), gradient(own).div(30))).toBeLessThan(2e-6);
  });

  it('keeps no tensors of its own', () => {
    const before = tf.memory().numTensors;
    tf.tidy(() => void tf.grad((v) => apply(v).sum())(x));
    expect(tf.memory().numTensors).toBe(before);
  });

  it("has Caffe's defaults: alpha is shared out over the window", () => {
    const caffe = modelOf(localResponseNorm({ name: 'caffe' }), [1, 1, 1]);
    const y = caffe.predict(tf.tensor4d([100], [1, 1, 1, 1])) as tf.Tensor;
    expect(y.dataSync()[0]).toBeCloseTo(100 / (1 + (1e-4 / 5) * 1e4) ** 0.75, 4);
  });

  it('refuses an even window', () => {
    expect(() => localResponseNorm({ name: 'lrn', size: 4 })).toThrow(/'lrn': size must be odd/);
  });
});
