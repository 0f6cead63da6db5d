import { describe, expect, it } from 'vitest';
import { maxDifference } from '../../testing/checks.ts';
import { adaptiveAveragePool, averagePool, maxPool, type LayerChain, type MaxPoolSettings } from './pooling.ts';
import { tf } from '../../tensorflow.ts';

/** Pooling by its definition, window by window: oracle of the layers. */
function poolByHand(
  x: tf.Tensor4D,
  settings: Required<Omit<MaxPoolSettings, 'name' | 'ceil'>>,
  kind: 'max' | 'average',
  windows?: readonly [number, number],
) {
  const [batch, height, width, channels] = x.shape;
  const values = x.arraySync();
  const { size, stride, padding } = settings;
  const along = (length: number) => Math.floor((length + 2 * padding - size) / stride) + 1;
  const [rows, columns] = windows ?? [along(height), along(width)];
  const output = tf.buffer([batch, rows, columns, channels]);
  for (let b = 0; b < batch; b++)
    for (let i = 0; i < rows; i++)
      for (let j = 0; j < columns; j++)
        for (let c = 0; c < channels; c++) {
          let [sum, max] = [0, -Infinity];
          for (let u = 0; u < size; u++)
            for (let v = 0; v < size; v++) {
              const value = values[b]![i * stride - padding + u]?.[j * stride - padding + v]?.[c];
              sum += value ?? 0;
              max = Math.max(max, value ?? -Infinity);
            }
          output.set(kind === 'max' ? max : sum / (size * size), b, i, j, c);
        }
  return output.toTensor();
}

function build(chain: LayerChain, shape: number[], relu = false): tf.LayersModel {
  const input = tf.input({ shape });
  const before = relu ? (tf.layers.reLU().apply(input) as tf.SymbolicTensor) : input;
  return tf.model({ inputs: input, outputs: chain.apply(before) });
}

const cases = [
  { size: 3, stride: 2, padding: 1, side: 8 },
  { size: 3, stride: 2, padding: 1, side: 7 },
  { size: 2, stride: 2, padding: 0, side: 7 },
  { size: 3, stride: 3, padding: 1, side: 6 },
];

describe.each(cases)('size $size, stride $stride, padding $padding on side $side', ({ side, ...window }) => {
  const x = tf.randomNormal([2, side, side + 1, 3], 0, 1, 'float32', 5) as tf.Tensor4D;
  const shape = x.shape.slice(1);

  it('maxPool takes the maximum of real pixels', () => {
    const model = build(maxPool({ name: 'pool', ...window }), shape);
    const y = model.predict(x) as tf.Tensor;
    expect(y.shape).toEqual(model.outputs[0]!.shape.map((n, i) => (i === 0 ? 2 : n)));
    expect(maxDifference(y, poolByHand(x, window, 'max'))).toBe(0);
  });

  it('maxPool after a ReLU is made of stock layers and gives the same', () => {
    const model = build(maxPool({ name: 'pool', ...window }), shape, true);
    const names = model.layers.map((layer) => layer.getClassName());
    const stock = ['InputLayer', 'ReLU', 'ZeroPadding2D', 'MaxPooling2D'];
    expect(names.every((name) => stock.includes(name))).toBe(true);
    const relu = x.relu() as tf.Tensor4D;
    expect(maxDifference(model.predict(x) as tf.Tensor, poolByHand(relu, window, 'max'))).toBe(0);
  });

  it('averagePool counts padded zeros', () => {
    const model = build(averagePool({ name: 'pool', ...window }), shape);
    expect(maxDifference(model.predict(x) as tf.Tensor, poolByHand(x, window, 'average'))).toBeLessThan(1e-6);
  });

  it('both padded maxima have the same gradient', () => {
    const positive = x.abs().add(0.1);
    const gradients = [true, false].map((relu) => {
      const model = build(maxPool({ name: 'pool', ...window }), shape, relu);
      return tf.grad((v) => (model.apply(v, { training: true }) as tf.Tensor).square().sum())(positive);
    });
    expect(maxDifference(gradients[0]!, gradients[1]!)).toBe(0);
  });
});

describe('maxPool with ceil', () => {
  // Windows counted by hand: Caffe's and PyTorch's rule gives floor's count and one more where pixels are left over.
  it.each([
    { side: 28, size: 3, stride: 2, padding: 0, windows: 14 },
    { side: 27, size: 3, stride: 2, padding: 0, windows: 13 },
    { side: 6, size: 3, stride: 2, padding: 0, windows: 3 },
    { side: 7, size: 3, stride: 3, padding: 1, windows: 3 },
    { side: 5, size: 2, stride: 2, padding: 1, windows: 3 },
    { side: 4, size: 1, stride: 2, padding: 0, windows: 2 },
  ])('side $side, size $size, stride $stride, padding $padding: $windows windows', ({ side, windows, ...window }) => {
    const x = tf.randomNormal([2, side, side, 3], 0, 1, 'float32', 8) as tf.Tensor4D;
    for (const relu of [false, true]) {
      const model = build(maxPool({ name: 'pool', ...window, ceil: true }), [side, side, 3], relu);
      expect(model.outputs[0]!.shape).toEqual([null, windows, windows, 3]);
      const oracle = poolByHand((relu ? x.relu() : x) as tf.Tensor4D, window, 'max', [windows, windows]);
      expect(maxDifference(model.predict(x) as tf.Tensor, oracle)).toBe(0);
    }
  });

  it('needs to know the sides', () => {
    expect(() => build(maxPool({ name: 'pool', size: 3, stride: 2, ceil: true }), [null, null, 3] as never)).toThrow(
      /'pool': ceil needs/,
    );
  });
});

describe('adaptiveAveragePool', () => {
  it.each([
    { side: 8, size: 4 },
    { side: 7, size: 3 },
    { side: 5, size: 4 },
    { side: 3, size: 5 },
  ])('averages side $side in $size bins by the floor/ceil rule', ({ side, size }) => {
    const x = tf.randomNormal([2, side, side, 3], 0, 1, 'float32', 6) as tf.Tensor4D;
    const model = build(adaptiveAveragePool({ name: 'pool', size }), [side, side, 3]);
    const bins = Array.from({ length: size }, (_, i) => {
      const start = Math.floor((i * side) / size);
      return [start, Math.ceil(((i + 1) * side) / size) - start] as const;
    });
    const rows = bins.map(([top, height]) =>
      tf.stack(
        bins.map(([left, width]) => x.slice([0, top, left, 0], [2, height, width, 3]).mean([1, 2])),
        1,
      ),
    );
    const y = model.predict(x) as tf.Tensor;
    expect(y.shape).toEqual([2, size, size, 3]);
    expect(maxDifference(y, tf.stack(rows, 1))).toBeLessThan(1e-5);
  });
});
