import { describe, expect, it } from 'vitest';
import { tf } from '../tensorflow.ts';
import { batchNorm4d } from './batch-norm.ts';
import { gradientError, maxDifference } from '../testing/checks.ts';

const epsilon = 1e-5;
const x = tf.randomNormal([4, 3, 5, 6], 1, 2, 'float32', 1);
const scale = tf.randomUniform([6], 0.5, 2, 'float32', 2);
const offset = tf.randomNormal([6], 0, 1, 'float32', 3);
const mean = tf.randomNormal([6], 0, 1, 'float32', 4);
const variance = tf.randomUniform([6], 0.5, 2, 'float32', 5);
const attributes = (training: boolean) => ({ epsilon, decay: 0.9, training, relu: false });

describe('batchNorm4d in training', () => {
  it("normalises like tfjs's own composition, gradients included", () => {
    const stock = (x: tf.Tensor, scale: tf.Tensor, offset: tf.Tensor) => {
      const moments = tf.moments(x, [0, 1, 2]);
      const standard = x.sub(moments.mean).div(moments.variance.add(epsilon).sqrt());
      return standard.mul(scale).add(offset);
    };
    const ours = (x: tf.Tensor, scale: tf.Tensor, offset: tf.Tensor) =>
      batchNorm4d({ x, scale, offset, mean, variance }, attributes(true)).y;
    expect(maxDifference(ours(x, scale, offset), stock(x, scale, offset))).toBeLessThan(1e-5);
    const loss = (f: typeof ours) => tf.grads((...at) => f(at[0]!, at[1]!, at[2]!).sin().sum());
    const [expected, got] = [loss(stock)([x, scale, offset]), loss(ours)([x, scale, offset])];
    for (let i = 0; i < 3; i++) expect(maxDifference(got[i]!, expected[i]!)).toBeLessThan(1e-4);
  });

  it('has the gradient of finite differences', () => {
    const f = (x: tf.Tensor, scale: tf.Tensor, offset: tf.Tensor) =>
      batchNorm4d({ x, scale, offset, mean, variance }, attributes(true)).y;
    expect(gradientError(f, [x, scale, offset])).toBeLessThan(2e-3);
  });

  it('moves the averages, with the unbiased variance', () => {
    const moved = batchNorm4d({ x, scale, offset, mean, variance }, attributes(true));
    const batch = tf.moments(x, [0, 1, 2]);
    const n = 4 * 3 * 5;
    expect(maxDifference(moved.mean, mean.mul(0.9).add(batch.mean.mul(0.1)))).toBeLessThan(1e-5);
    const unbiased = batch.variance.mul(n / (n - 1));
    expect(maxDifference(moved.variance, variance.mul(0.9).add(unbiased.mul(0.1)))).toBeLessThan(1e-5);
  });
});

describe('batchNorm4d in inference', () => {
  const f = (x: tf.Tensor, scale: tf.Tensor, offset: tf.Tensor) =>
    batchNorm4d({ x, scale, offset, mean, variance }, attributes(false)).y;

  it('normalises with the averages and leaves them', () => {
    const expected = x.sub(mean).div(variance.add(epsilon).sqrt()).mul(scale).add(offset);
    expect(maxDifference(f(x, scale, offset), expected)).toBeLessThan(1e-5);
    const result = batchNorm4d({ x, scale, offset, mean, variance }, attributes(false));
    expect(maxDifference(result.mean, mean)).toBe(0);
    expect(maxDifference(result.variance, variance)).toBe(0);
  });

  it('has the gradient of finite differences', () => {
    expect(gradientError(f, [x, scale, offset])).toBeLessThan(2e-3);
  });
});

describe.each([true, false])('batchNorm4d with a ReLU, training %s', (training) => {
  const run = (relu: boolean) => (x: tf.Tensor, scale: tf.Tensor, offset: tf.Tensor) =>
    batchNorm4d({ x, scale, offset, mean, variance }, { epsilon, decay: 0.9, training, relu });

  it('equals the two one after the other, gradients included', () => {
    const fused = run(true)(x, scale, offset);
    const apart = run(false)(x, scale, offset);
    expect(maxDifference(fused.y, apart.y.relu())).toBeLessThan(1e-5);
    expect(maxDifference(fused.mean, apart.mean)).toBeLessThan(1e-6);
    expect(maxDifference(fused.variance, apart.variance)).toBeLessThan(1e-5);
    const gradients = (f: (...at: [tf.Tensor, tf.Tensor, tf.Tensor]) => tf.Tensor) =>
      tf.grads((...at) => f(at[0]!, at[1]!, at[2]!).square().sum())([x, scale, offset]);
    const expected = gradients((...at) => run(false)(...at).y.relu());
    gradients((...at) => run(true)(...at).y).forEach((got, i) => {
      expect(maxDifference(got, expected[i]!)).toBeLessThan(1e-3);
    });
  });
});

/** In double precision: y, the moving averages, and gradients of the sum of `weights · y`. */
function closedForm(values: Float32Array, channels: number, weights: Float32Array, relu: boolean) {
  const rows = values.length / channels;
  const sums = (of: (i: number, c: number) => number): number[] => {
    const found = new Array<number>(channels).fill(0);
    values.forEach((_, i) => (found[i % channels]! += of(i, i % channels)));
    return found;
  };
  const mean = sums((i) => values[i]! / rows);
  const squares = sums((i, c) => (values[i]! - mean[c]!) ** 2);
  const inverse = squares.map((sum) => 1 / Math.sqrt(sum / rows + epsilon));
  const standard = (i: number, c: number): number => (values[i]! - mean[c]!) * inverse[c]!;
  const affine = (i: number, c: number): number => standard(i, c) * (1 + c / channels) + 0.1;
  const given = (i: number, c: number): number => (relu && affine(i, c) <= 0 ? 0 : weights[i]!);
  const dOffset = sums(given);
  const dScale = sums((i, c) => given(i, c) * standard(i, c));
  const all = (of: (i: number, c: number) => number) => Float32Array.from(values, (_, i) => of(i, i % channels));
  return {
    y: all((i, c) => (relu ? Math.max(0, affine(i, c)) : affine(i, c))),
    mean: mean.map((value) => 0.1 * value),
    variance: squares.map((sum) => 0.9 + (0.1 * sum) / Math.max(1, rows - 1)),
    dx: all((i, c) => {
      const taken = dOffset[c]! / rows + (standard(i, c) * dScale[c]!) / rows;
      return (given(i, c) - taken) * (1 + c / channels) * inverse[c]!;
    }),
    dScale,
    dOffset,
  };
}

describe.each([
  { shape: [2, 16, 17, 53], centre: 0 },
  { shape: [3, 33, 35, 8], centre: 300 },
  { shape: [70, 1, 1, 300], centre: -2 },
  { shape: [5, 7, 3, 3], centre: 1 },
] as const)('batchNorm4d of $shape around $centre', ({ shape, centre }) => {
  it.each([true, false])('has the values and gradients of double precision, ReLU %s', (relu) => {
    const channels = shape[3];
    const input = tf.randomNormal([...shape], centre, 1, 'float32', 6);
    const weights = tf.randomNormal([...shape], 0.5, 1, 'float32', 7);
    const scale = tf.range(0, channels).div(channels).add(1);
    const [offset, mean, variance] = [0.1, 0, 1].map((value) => tf.fill([channels], value)) as tf.Tensor1D[];
    const run = (x: tf.Tensor, scale: tf.Tensor, offset: tf.Tensor) =>
      batchNorm4d({ x, scale, offset, mean: mean!, variance: variance! }, { ...attributes(true), relu });
    const before = input.dataSync().slice() as Float32Array;
    const expected = closedForm(before, channels, weights.dataSync() as Float32Array, relu);
    const found = run(input, scale, offset!);
    const differentiate = tf.grads((...at) => run(at[0]!, at[1]!, at[2]!).y.mul(weights).sum());
    const [dx, dScale, dOffset] = differentiate([input, scale, offset!]);
    const off = (tensor: tf.Tensor, values: ArrayLike<number>) =>
      maxDifference(tensor, tf.tensor(Array.from(values), tensor.shape));
    // Around 300 the input itself holds no more than five digits behind the point.
    expect(off(found.y, expected.y)).toBeLessThan(centre === 300 ? 2e-4 : 1e-5);
    expect(off(found.mean, expected.mean)).toBeLessThan(1e-5);
    expect(off(found.variance, expected.variance)).toBeLessThan(1e-5);
    expect(off(dx!, expected.dx)).toBeLessThan(1e-4);
    for (const [gradient, values] of [
      [dScale!, expected.dScale],
      [dOffset!, expected.dOffset],
    ] as const) {
      expect(off(gradient, values)).toBeLessThan(1e-5 * shape[0] * shape[1] * shape[2]);
    }
    expect(input.dataSync()).toEqual(before);
  });
});

it.each([true, false])('what is no number stays so, training %s', (training) => {
  const input = tf.tensor4d([1, NaN, 3, 4], [4, 1, 1, 1]);
  const [one, zero] = [tf.ones([1]), tf.zeros([1])];
  const { y } = batchNorm4d(
    { x: input, scale: one, offset: zero, mean: zero, variance: one },
    { ...attributes(training), relu: true },
  );
  expect(y.dataSync()[1]).toBeNaN();
});
