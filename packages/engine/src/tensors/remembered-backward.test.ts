import { afterEach, expect, test } from 'vitest';
import { compiledStep, eagerly } from '../compiled-step/compiled-step.ts';
import { defineOp } from '../ops/registry.ts';
import { tf } from '../tensorflow.ts';
import { variableGradients, variableGradientsOfEach } from './gradients.ts';

let asked = 0;
afterEach(() => void (asked = 0));

/** Doubles; its gradient counts how often JavaScript asks for it, and makes numbers of its own. */
const counted = defineOp<{ readonly factor: number }>({
  name: 'CountedDoubling',
  forward: ({ x }, { factor }) => x!.mul(factor),
  saveInputs: ['x'],
  backward: (dy, _saved, { factor }) => {
    asked += 1;
    return { x: () => dy.mul(factor) };
  },
});
const scaled = (x: tf.Tensor, factor = 2) => counted({ x }, { factor })[0]!;

/** Gradients of `loss` by two variables in so many steps, `given` changing from step to step. */
function run(steps: number, loss: (a: tf.Variable, b: tf.Variable, step: number) => tf.Tensor): number[][] {
  const [a, b] = [tf.variable(tf.tensor1d([1, -2, 3])), tf.variable(tf.tensor1d([0.5, 0.25, -1]))];
  const found: number[][] = [];
  let tensors = 0;
  for (let step = 0; step < steps; step++) {
    const kept = compiledStep(() =>
      tf.tidy(() => {
        const { value, gradients } = variableGradients(() => loss(a, b, step) as tf.Scalar, [a, b]);
        for (const one of [a, b]) {
          if (gradients[one.name] !== undefined) one.assign(one.sub(gradients[one.name]!.mul(0.1)));
        }
        // What was noted then runs op by op: something follows that was never asked for there.
        return [step === 8 ? value.neg() : value, ...Object.values(gradients)];
      }),
    );
    found.push(...kept.map((tensor) => [...tensor.dataSync()]));
    tf.dispose(kept);
    if (step === 4) tensors = tf.memory().numTensors;
  }
  if (steps > 5) expect(tf.memory().numTensors).toBe(tensors);
  found.push([...a.dataSync()], [...b.dataSync()]);
  tf.dispose([a, b]);
  return found;
}

/** How often JavaScript was asked for gradients in 12 steps, which have the bits of eager execution. */
function askedIn(loss: Parameters<typeof run>[1]): number {
  asked = 0;
  const compiled = run(12, loss);
  const times = asked;
  expect(eagerly(() => run(12, loss))).toEqual(compiled);
  return times;
}

test('a backward pass is asked for three times: twice recorded, once noted', () => {
  expect(askedIn((a, b) => scaled(a.mul(b)).square().sum())).toBe(3);
});

test('batches and labels are those of the step, also where only the backward pass takes them', () => {
  const given = (step: number) => [0, 1, 2].map((i) => Math.sin(step + i));
  expect(askedIn((a, b, step) => scaled(a.mul(b)).mul(given(step)).sum())).toBe(3);
  const saving = defineOp<object>({
    name: 'SavesAnother',
    forward: ({ x }) => x!.mul(1),
    saveInputs: ['other'],
    backward: (dy, [other]) => ({ x: () => dy.mul(other!) }),
  });
  const another = (a: tf.Tensor, step: number) => saving({ x: a, other: tf.tensor1d(given(step)) }, {})[0]!;
  askedIn((a, b, step) => another(scaled(a), step).mul(b).sum());
});

test('another tape, another attribute or another branch is asked for anew', () => {
  expect(askedIn((a, b, step) => scaled(a.mul(b), step % 2 ? 2 : 3).sum())).toBe(4);
  const branching = (a: tf.Tensor, b: tf.Tensor, step: number) =>
    (step === 7 ? scaled(scaled(a).mul(b)) : scaled(a.mul(b))).abs().sum();
  expect(askedIn(branching)).toBe(3 + 2);
  expect(
    askedIn((a, b, step) =>
      scaled(a.sub(b))
        .mul(step < 8 ? 1 : 2)
        .sum(),
    ),
  ).toBe(3);
});

test('a gradient that a caller gave may depend on anything: it is asked for each time', () => {
  let factor = 0;
  const custom = tf.customGrad((x) => ({
    value: (x as tf.Tensor).mul(1),
    gradFunc: (dy) => (dy as tf.Tensor).mul((factor += 1)),
  }));
  const loss = (a: tf.Variable, b: tf.Variable) => custom(scaled(a)).mul(b).sum();
  run(12, loss);
  expect(factor).toBe(12);
  expect(asked).toBe(12);
});

test('gradients that are one tensor stay so, of one pass or of two', () => {
  const [a, b] = [tf.variable(tf.tensor1d([1, 2])), tf.variable(tf.tensor1d([3, 4]))];
  const step = () =>
    compiledStep(() =>
      tf.tidy(() => {
        const passes = variableGradientsOfEach(() => {
          const sum = scaled(a.add(b));
          return [sum.sum() as tf.Scalar, sum.square().sum() as tf.Scalar];
        }, [[a, b], [a]]);
        const tensors = passes.flatMap(({ gradients }) => Object.values(gradients));
        const data = tensors.map(({ dataId }) => dataId);
        return { tensors, shared: data.map((one) => data.indexOf(one)), values: passes.map(({ value }) => value) };
      }),
    );
  const seen = Array.from({ length: 6 }, () => {
    const { tensors, shared, values } = step();
    const numbers = [...tensors, ...values].map((tensor) => [...tensor.dataSync()]);
    tf.dispose([tensors, values]);
    return { shared, numbers };
  });
  expect(asked).toBe(3 * 2);
  for (const one of seen) expect(one).toEqual(seen[0]);
  expect(seen[0]!.numbers).toEqual([[2, 2], [2, 2], [32, 48], [20], [208]]);
});
