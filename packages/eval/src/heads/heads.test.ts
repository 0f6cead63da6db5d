import { expect, test } from 'vitest';
import { tf } from '@selfsup/engine/tensorflow';
import { randomKey } from '@selfsup/kit/random';
import { parameterCount } from '@selfsup/models/weights';
import { normals } from '../testing/in-memory.ts';
import { classifierHead, linearProbe, type HeadInput } from './heads.ts';

const published: HeadInput = { shape: [8, 8, 192], classes: 10, key: randomKey(1), initialiser: 'rotnet' };

test.each([
  ['fc3', 2_500_410], // as published
  ['conv', 408_586], // as published
  ['fc2', 12_288 * 200 + 400 + 2010], // AET, §2.4
  ['fc1', 12_288 * 10 + 10],
] as const)('%s on 8 × 8 × 192 features has %i parameters', (head, count) => {
  const model = classifierHead({ head }, published);
  expect(parameterCount(model)).toBe(count);
  expect(model.outputs[0]?.shape).toEqual([null, 10]);
});

test('hidden units are capped at 2048', () => {
  const model = classifierHead({ head: 'fc2' }, { ...published, shape: [1, 1, 4], classes: 200 });
  expect(model.getLayer('hidden1').outputShape).toEqual([null, 2048]);
});

/** PyTorch's rule, written plainly: bin i covers floor(i·n/b) up to ceil((i+1)·n/b). */
function pooledByHand(x: Float32Array, [n, h, w, c]: [number, number, number, number], bins: number): number[] {
  const out: number[] = [];
  for (let image = 0; image < n; image++)
    for (let i = 0; i < bins; i++)
      for (let j = 0; j < bins; j++)
        for (let channel = 0; channel < c; channel++) {
          let [sum, count] = [0, 0];
          for (let y = Math.floor((i * h) / bins); y < Math.ceil(((i + 1) * h) / bins); y++)
            for (let z = Math.floor((j * w) / bins); z < Math.ceil(((j + 1) * w) / bins); z++) {
              sum += x[((image * h + y) * w + z) * c + channel] as number;
              count++;
            }
          out.push(sum / count);
        }
  return out;
}

test.each([
  [8, 8, 4],
  [7, 5, 4],
  [6, 13, 4],
])('a %i × %i map is pooled to %i bins a side as PyTorch does', (h, w, bins) => {
  const model = linearProbe({ ...published, shape: [h, w, 3], pooling: { adaptiveAverage: bins }, batchNorm: false });
  const [kernel, bias] = model.getLayer('linear').getWeights() as [tf.Tensor, tf.Tensor];
  const values = normals(`pool ${h} ${w}`, 2 * h * w * 3);
  const pooled = tf.tensor2d(pooledByHand(values, [2, h, w, 3], bins), [2, bins * bins * 3]);
  const expected = pooled
    .matMul(kernel as tf.Tensor2D)
    .add(bias)
    .dataSync();
  const given = (model.predict(tf.tensor4d(values, [2, h, w, 3])) as tf.Tensor).dataSync();
  given.forEach((value, i) => expect(value).toBeCloseTo(expected[i] as number, 4));
});

test('initial weights have the spread of their recipe and depend on the key alone', () => {
  const spread = (initialiser: 'torch' | 'rotnet') => {
    const layer = classifierHead({ head: 'fc3' }, { ...published, initialiser }).getLayer('linear');
    const [kernel, bias] = layer.getWeights().map((weight) => weight.dataSync()) as [Float32Array, Float32Array];
    return {
      kernel,
      bias,
      deviation: Math.sqrt(kernel.reduce((sum, value) => sum + value * value, 0) / kernel.length),
    };
  };
  const [torch, rotnet] = [spread('torch'), spread('rotnet')];
  expect(torch.deviation * Math.sqrt(3 * 200)).toBeCloseTo(1, 1); // uniform in ±1/√200
  expect(Math.max(...torch.kernel.map(Math.abs))).toBeLessThanOrEqual(1 / Math.sqrt(200) + 1e-6);
  expect(Math.max(...torch.bias.map(Math.abs))).toBeGreaterThan(0);
  expect(rotnet.deviation / Math.sqrt(2 / 10)).toBeCloseTo(1, 1); // N(0, √(2/fan-out))
  expect([...rotnet.bias]).toEqual(new Array(10).fill(0));
  expect(spread('torch').kernel).toEqual(torch.kernel);
});

test('the convolutions of a conv head begin as PyTorch’s do, or as RotNet’s', () => {
  const kernelOf = (initialiser: 'torch' | 'rotnet', layer: string) =>
    classifierHead({ head: 'conv', width: 64 }, { ...published, initialiser })
      .getLayer(layer)
      .getWeights()[0]!
      .dataSync();
  const deviation = (values: ArrayLike<number>) =>
    Math.sqrt(Array.from(values).reduce((sum, value) => sum + value * value, 0) / values.length);
  for (const [layer, fanIn, fanOut] of [
    ['conv1', 9 * 192, 9 * 64],
    ['conv2', 64, 64],
  ] as const) {
    const torch = kernelOf('torch', layer);
    expect(deviation(torch) * Math.sqrt(3 * fanIn)).toBeCloseTo(1, 1);
    expect(Math.max(...torch.map(Math.abs))).toBeLessThanOrEqual(1 / Math.sqrt(fanIn) + 1e-6);
    expect(deviation(kernelOf('rotnet', layer)) / Math.sqrt(2 / fanOut)).toBeCloseTo(1, 1);
  }
});
