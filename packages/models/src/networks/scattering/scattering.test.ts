import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { tf } from '@selfsup/engine/tensorflow';
import { modelWeights } from '../../checkpoint/weights.ts';
import scattering from './scattering.ts';

/** Outputs of kymatio; see bench/oracles/scattering_reference.py. */
interface Reference {
  readonly seed: number;
  readonly scales: number;
  readonly angles: number;
  readonly order: 1 | 2;
  readonly images: [number, number, number, number];
  readonly shape: number[];
  /** Every `step`-th value, float32. */
  readonly step: number;
  readonly values: string;
}
const file = new URL('scattering.reference.json', import.meta.url);
const references = JSON.parse(readFileSync(file, 'utf8')) as Reference[];

/** Uniform in [-2, 2), as the script computes them. */
function images(seed: number, shape: [number, number, number, number]): tf.Tensor4D {
  const values = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => {
    let x = Math.imul(i + seed * 1000003, 2654435761) >>> 0;
    x = Math.imul(x ^ (x >>> 15), 2246822519) >>> 0;
    x = (x ^ (x >>> 13)) >>> 0;
    return 4 * (x / 2 ** 32) - 2;
  });
  return tf.tensor4d(values, shape);
}

const build = (config: object, [, height, width, channels]: readonly number[]): tf.LayersModel =>
  scattering.build(scattering.schema.parse(config), { height: height!, width: width!, channels: channels! }, [1, 0]);

test.each(references)('gives what kymatio gives: J = $scales, L = $angles, order $order, images $images', (one) => {
  const { scales, angles, order } = one;
  const model = build({ scales, angles, order }, one.images);
  const output = tf.tidy(() => model.predict(images(one.seed, one.images)) as tf.Tensor);
  expect(output.shape).toEqual(one.shape);
  expect(model.outputs[0]!.shape.slice(1)).toEqual(one.shape.slice(1));
  const ours = output.dataSync();
  const theirs = new Float32Array(Uint8Array.from(Buffer.from(one.values, 'base64')).buffer);
  expect(theirs.length).toBe(Math.ceil(ours.length / one.step));
  const worst = theirs.reduce((most, value, i) => Math.max(most, Math.abs(value - ours[i * one.step]!)), 0);
  expect(worst).toBeLessThan(1e-4);
  expect(Math.max(...theirs)).toBeGreaterThan(0.1);
  output.dispose();
  model.dispose();
});

test('has the published numbers of paths and no weights', () => {
  const sizes = (config: object) => {
    const model = build(config, [1, 32, 32, 3]);
    const shape = model.outputs[0]!.shape.slice(1);
    expect(modelWeights('encoder', model)).toEqual([]);
    model.dispose();
    return shape;
  };
  expect(sizes({})).toEqual([8, 8, 243]); // 15,552 values
  expect(sizes({ order: 1 })).toEqual([8, 8, 3 * 17]);
  expect(sizes({ scales: 3 })).toEqual([4, 4, 3 * 217]);
  expect(sizes({ scales: 4 })).toEqual([2, 2, 3 * 417]);
});

test('an image gives the same bits in any batch, and nothing is left on the device', () => {
  const model = build({ scales: 2, angles: 4 }, [1, 32, 32, 3]);
  const batch = images(3, [40, 32, 32, 3]);
  const whole = (model.predict(batch) as tf.Tensor).dataSync();
  const before = tf.memory().numTensors;
  const alone = tf.tidy(() => (model.predict(batch.slice([37, 0, 0, 0], [1, -1, -1, -1])) as tf.Tensor).dataSync());
  expect(tf.memory().numTensors).toBe(before);
  expect(alone).toEqual(whole.slice(37 * alone.length, 38 * alone.length));
  model.dispose();
  expect(tf.memory().numTensors).toBeLessThan(before);
});

test('refuses images that are too small for its scales, and unknown keys', () => {
  expect(() => build({ scales: 5 }, [1, 32, 32, 3])).toThrow(/over 5 scales takes images of at least 33 × 33/);
  expect(() => scattering.schema.parse({ scale: 2 })).toThrow(/scale/);
  expect(() => scattering.schema.parse({ order: 3 })).toThrow();
});
