import { describe, expect, it } from 'vitest';
import { AdamScalars, applyAdam } from './adam-op.ts';
import { ResourceVariable } from './resource-variable.ts';
import { tf } from '../tensorflow.ts';

const settings = { beta1: 0.5, beta2: 0.999, epsilon: 1e-8, learningRate: 0.1 };
const make = () => ({
  weights: new ResourceVariable([2]),
  first: new ResourceVariable([2]),
  second: new ResourceVariable([2]),
});

describe('ResourceVariable and applyAdam', () => {
  it('the first update is one of the learning rate against the sign of the gradient', () => {
    const held = make();
    const zeros = tf.zeros([2]);
    for (const variable of Object.values(held)) variable.assign(zeros);
    applyAdam(held, tf.tensor1d([3, -0.01]), new AdamScalars(settings, 1));
    const [left, right] = held.weights.read().dataSync();
    // TensorFlow computes 1 − β2 in float32, where 0.999 is off by 1e-8: 6e-6 of the step.
    expect(left).toBeCloseTo(-0.1, 5);
    expect(right).toBeCloseTo(0.1, 5);
    expect(held.first.read().dataSync()[0]).toBeCloseTo(1.5, 6);
    expect(held.second.read().dataSync()[0]).toBeCloseTo(9e-3, 6);
    // Changed in place, yet what it was given is as it was.
    expect([...zeros.dataSync()]).toEqual([0, 0]);
    for (const variable of Object.values(held)) variable.dispose();
  });

  it('an update reaches neither the array of a copied tensor nor a shared tensor', () => {
    const held = make();
    const arrays = [Float32Array.of(1, 2), Float32Array.of(0, 0), Float32Array.of(0, 0)];
    const shared = tf.tensor1d(arrays[0]!);
    held.weights.share(shared);
    tf.tidy(() => held.first.assign(tf.tensor1d(arrays[1]!)));
    tf.tidy(() => held.second.assign(tf.tensor1d(arrays[2]!)));
    for (const update of [1, 2]) applyAdam(held, tf.tensor1d([1, 1]), new AdamScalars(settings, update));
    expect(arrays.map((array) => [...array])).toEqual([
      [1, 2],
      [0, 0],
      [0, 0],
    ]);
    expect([...shared.dataSync()]).toEqual([1, 2]);
    expect(held.weights.read().dataSync()[0]).toBeLessThan(0.9);
    for (const variable of Object.values(held)) variable.dispose();
  });

  it('variables of one shape are apart, and leave no tensors', () => {
    const before = tf.memory().numTensors;
    const [a, b] = [new ResourceVariable([1]), new ResourceVariable([1])];
    tf.tidy(() => a.assign(tf.tensor1d([1])));
    tf.tidy(() => b.assign(tf.tensor1d([2])));
    expect(tf.tidy(() => [...a.read().dataSync(), ...b.read().dataSync()])).toEqual([1, 2]);
    a.dispose();
    expect(() => a.read()).toThrow();
    b.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('lets go of its values, and takes others', () => {
    const variable = new ResourceVariable([2]);
    for (const values of [
      [1, 2],
      [3, 4],
    ]) {
      tf.tidy(() => variable.assign(tf.tensor1d(values)));
      expect(tf.tidy(() => [...variable.read().dataSync()])).toEqual(values);
      variable.forget();
      expect(() => variable.read()).toThrow();
    }
    variable.dispose();
  });

  it('a variable is updated time after time, its clones and its array are not', () => {
    const held = make();
    for (const slot of [held.first, held.second]) tf.tidy(() => slot.assign(tf.zeros([2])));
    const array = Float32Array.of(5, 5);
    const variable = tf.variable(tf.tensor1d(array));
    const gradient = tf.tensor1d([1, -1]);
    const before = tf.memory().numTensors;
    const seen: number[] = [];
    const clones: tf.Tensor[] = [];
    for (let update = 1; update <= 6; update++) {
      if (update === 4) clones.push(variable.clone());
      const scalars = new AdamScalars(settings, update);
      held.weights.updating(variable, () => applyAdam(held, gradient, scalars));
      scalars.dispose();
      seen.push(Number(variable.dataSync()[0]!.toFixed(3)));
    }
    // A constant gradient: each update is the learning rate.
    expect(seen).toEqual([4.9, 4.8, 4.7, 4.6, 4.5, 4.4]);
    expect([...clones[0]!.dataSync()].map((value) => Number(value.toFixed(3)))).toEqual([4.7, 5.3]);
    expect([...array]).toEqual([5, 5]);
    expect(tf.memory().numTensors).toBe(before + 1);
    variable.assign(tf.tensor1d([9, 9]));
    held.weights.updating(variable, () => applyAdam(held, gradient, new AdamScalars(settings, 7)));
    expect(variable.dataSync()[0]).toBeCloseTo(8.9, 3);
    for (const one of Object.values(held)) one.dispose();
    expect(variable.dataSync()[0]).toBeCloseTo(8.9, 3);
  });
});
