import { describe, expect, it } from 'vitest';
import { variableGradients, variableGradientsOfEach } from './gradients.ts';
import { batchNormRelu, conv2d, dense } from '../layers/layers.ts';
import { sparseSoftmaxCrossEntropy } from './losses.ts';
import { maxDifference } from '../testing/checks.ts';
import { globalAveragePool, maxPool } from '../layers/pooling/pooling.ts';
import { tf } from '../tensorflow.ts';

function smallNetwork() {
  const input = tf.input({ shape: [8, 8, 3] });
  let x = conv2d({ filters: 4, kernelSize: 3, padding: 'same', useBias: false }).apply(input) as tf.SymbolicTensor;
  x = batchNormRelu({ name: 'norm', reluName: 'relu' }).apply(x);
  x = maxPool({ name: 'pool', size: 3, stride: 2, padding: 1 }).apply(x);
  x = globalAveragePool({ name: 'gap' }).apply(x) as tf.SymbolicTensor;
  return tf.model({ inputs: input, outputs: dense({ units: 5 }).apply(x) as tf.SymbolicTensor });
}

const variablesOf = (model: tf.LayersModel) =>
  model.trainableWeights.map((weight) => weight.read() as unknown as tf.Variable);

describe('variableGradients', () => {
  const model = smallNetwork();
  const images = tf.randomNormal([6, 8, 8, 3], 0, 1, 'float32', 1);
  const labels = tf.tensor1d([0, 1, 2, 3, 4, 0], 'int32');
  const loss = () =>
    sparseSoftmaxCrossEntropy(labels, model.apply(images, { training: true }) as tf.Tensor).mean() as tf.Scalar;

  it("gives what tfjs's own backward pass gives", () => {
    const variables = variablesOf(model);
    const expected = tf.variableGrads(loss, variables);
    const got = variableGradients(loss, variables);
    expect(maxDifference(got.value, expected.value)).toBe(0);
    expect(Object.keys(got.gradients).sort()).toEqual(Object.keys(expected.grads).sort());
    for (const [name, gradient] of Object.entries(got.gradients)) {
      expect(maxDifference(gradient, expected.grads[name]!)).toBeLessThan(1e-6);
    }
  });

  it('leaves nothing behind but its result', () => {
    const variables = variablesOf(model);
    const before = tf.memory();
    const { value, gradients } = variableGradients(loss, variables);
    expect(tf.memory().numTensors).toBe(before.numTensors + 1 + variables.length);
    tf.dispose([value, gradients]);
    expect(tf.memory()).toMatchObject({ numTensors: before.numTensors, numDataBuffers: before.numDataBuffers });
  });

  it('sums over several uses, and survives gradients that are passed on as they are', () => {
    const v = tf.variable(tf.tensor1d([1, 2]));
    const unused = tf.variable(tf.tensor1d([1]));
    const passOn = tf.customGrad((x) => ({ value: (x as tf.Tensor).mul(1), gradFunc: (dy) => dy as tf.Tensor }));
    const f = () => {
      const both = passOn(v).add(passOn(v)).add(v.square());
      return both.sum() as tf.Scalar;
    };
    const { gradients } = variableGradients(f, [v, unused]);
    expect(Object.keys(gradients)).toEqual([v.name]);
    expect([...gradients[v.name]!.dataSync()]).toEqual([4, 6]);
    expect([...v.dataSync()]).toEqual([1, 2]);
  });

  it('keeps what was kept, and cleans up after an error', () => {
    const v = tf.variable(tf.tensor1d([3, 4]));
    let square: tf.Tensor | undefined;
    const { value, gradients } = variableGradients(() => {
      square = tf.keep(v.square());
      return square.sum() as tf.Scalar;
    }, [v]);
    expect([...square!.dataSync()]).toEqual([9, 16]);
    tf.dispose([value, gradients, square!]);
    const before = tf.memory().numTensors;
    const noGradient = () => tf.topk(v.square(), 1).values.sum() as tf.Scalar;
    expect(() => variableGradients(() => v.square() as tf.Tensor as tf.Scalar, [v])).toThrow(/scalar/);
    expect(() => variableGradients(noGradient, [v])).toThrow(/gradient/);
    expect(tf.memory().numTensors).toBe(before);
    expect(Object.keys(variableGradients(() => v.sum() as tf.Scalar, [v]).gradients)).toHaveLength(1);
  });
});

describe('variableGradientsOfEach', () => {
  /** Two parameter groups with opposed losses over a shared part, as in a GAN. */
  const [a, b] = [tf.variable(tf.randomNormal([4, 3], 0, 1, 'float32', 2)), tf.variable(tf.tensor1d([0.5, -1, 2]))];
  const x = tf.randomNormal([5, 4], 0, 1, 'float32', 3);
  const forward = () => {
    const made = tf.matMul(x as tf.Tensor2D, a as unknown as tf.Tensor2D).leakyRelu(0.2);
    return made.mul(b).sum(1);
  };
  const first = () => forward().softplus().mean() as tf.Scalar;
  const second = () => forward().neg().softplus().mean() as tf.Scalar;
  const both = () => {
    const logits = forward();
    return [logits.softplus().mean() as tf.Scalar, logits.neg().softplus().mean() as tf.Scalar];
  };

  it('gives what two separate passes give, to the bit', () => {
    const found = variableGradientsOfEach(both, [[a], [a, b]]);
    const expected = [variableGradients(first, [a]), variableGradients(second, [a, b])];
    expect(found.map(({ gradients }) => Object.keys(gradients))).toEqual([[a.name], [a.name, b.name]]);
    found.forEach(({ value, gradients }, i) => {
      expect(maxDifference(value, expected[i]!.value)).toBe(0);
      for (const [name, gradient] of Object.entries(gradients)) {
        expect(maxDifference(gradient, expected[i]!.gradients[name]!)).toBe(0);
      }
    });
    expect(maxDifference(found[0]!.gradients[a.name]!, found[1]!.gradients[a.name]!)).toBeGreaterThan(0.01);
  });

  it('leaves nothing behind but its results, also when a later loss has no gradient', () => {
    const before = tf.memory().numTensors;
    const found = variableGradientsOfEach(both, [[a], [a, b]]);
    expect(tf.memory().numTensors).toBe(before + 5);
    tf.dispose(found as never);
    const broken = () => {
      const logits = forward();
      return [logits.mean() as tf.Scalar, tf.topk(logits, 1).values.sum() as tf.Scalar];
    };
    expect(() => variableGradientsOfEach(broken, [[a], [b]])).toThrow(/gradient/);
    expect(() => variableGradientsOfEach(both, [[a]])).toThrow('2 losses for 1 parameter groups');
    expect(tf.memory().numTensors).toBe(before);
  });
});
