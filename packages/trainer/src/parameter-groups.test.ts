import { expect, test } from 'vitest';
import { tf } from '@selfsup/engine/tensorflow';
import { optimizerSchema } from '@selfsup/models/optimizers/config';
import { createOptimizer } from '@selfsup/models/optimizers/create-optimizer';
import { ParameterGroups } from './parameter-groups.ts';

/** Two updates of a body and a head by gradients of 1, the head being reset in between; the values after each. */
function twoUpdates(config: object, head: object): number[][] {
  const variables = { body: tf.variable(tf.zeros([1])), head: tf.variable(tf.zeros([1])) };
  const groups = new ParameterGroups(optimizerSchema.parse(config), [
    { name: 'body', variables: [{ name: 'body', variable: variables.body }] },
    { name: 'head', variables: [{ name: 'head', variable: variables.head }], optimizer: head },
  ]);
  return [1, 2].map(() => {
    const ones = tf.ones([1]);
    groups.apply({ body: ones, head: ones }, 0.1);
    ones.dispose();
    groups.reset(['head']);
    return [variables.body.dataSync()[0]!, variables.head.dataSync()[0]!].map((value) => Number(value.toFixed(4)));
  });
}

test("a group's own fields replace the config's, and resetting one leaves the others", () => {
  const config = { name: 'sgd', momentum: 0.5, nesterov: false, weightDecay: 0 };
  expect(twoUpdates(config, {})).toEqual([
    [-0.1, -0.1],
    [-0.25, -0.2],
  ]);
  expect(twoUpdates(config, { weightDecay: 1 })).toEqual([
    [-0.1, -0.1],
    [-0.25, -0.19],
  ]);
});

test('a group may have an optimiser of another name, with the decay of the config', () => {
  const updates = twoUpdates({ name: 'adam', weightDecay: 0.5 }, { name: 'sgd', momentum: 0 });
  expect(updates[0]).toEqual([-0.1, -0.1]);
  expect(updates[1]![1]).toBeCloseTo(-0.195, 5);
});

test('gradients that are added up part by part move the weights as their mean over the samples does', () => {
  const build = () => ({ name: 'w', variable: tf.variable(tf.tensor1d([1, 2])) });
  const [once, parts] = [build(), build()];
  const config = optimizerSchema.parse({ name: 'sgd' });
  const [together, piece] = [once, parts].map(
    (one) => new ParameterGroups(config, [{ name: 'all', variables: [one] }]),
  );
  for (let step = 0; step < 3; step++) {
    together!.apply({ w: tf.tensor1d([2, -1]) }, 0.1);
    piece!.accumulate({ w: tf.tensor1d([1, 0]) }, 1);
    piece!.accumulate({ w: tf.tensor1d([2.5, -1.5]) }, 2);
    piece!.applyAccumulated(3, 0.1);
    [0, 1].forEach((i) => expect(parts.variable.dataSync()[i]).toBeCloseTo(once.variable.dataSync()[i]!, 6));
  }
});

test('resetting a group that there is not is an error', () => {
  expect(() => new ParameterGroups(optimizerSchema.parse({ name: 'sgd' }), []).reset(['head'])).toThrow(/head/);
});

test.each(['sgd', 'adam'])(
  '%s: each group moves as an optimiser of its own with its rate; state comes back',
  (name) => {
    const variableOf = (name: string) => ({ name, variable: tf.variable(tf.tensor1d([1, -2, 3])) });
    const gradientOf = (variable: tf.Variable) => tf.tidy(() => variable.mul(2).sub(0.5));
    const config = optimizerSchema.parse({ name });
    const rates: Record<string, number> = { a: 1, b: 0.25, c: 0.25 };
    const together = Object.keys(rates).map(variableOf);
    const alone = Object.keys(rates).map(variableOf);
    const optimizers = alone.map((one) => createOptimizer(config, [one]));
    const build = () =>
      new ParameterGroups(config, [
        { name: 'whole', variables: together.slice(0, 1) },
        { name: 'quarter', rate: 0.25, variables: together.slice(1) },
      ]);
    let groups = build();
    for (let step = 0; step < 4; step++) {
      if (step === 2) {
        const slots = groups.data();
        groups.dispose();
        groups = build();
        groups.restore(slots);
      }
      groups.apply(Object.fromEntries(together.map(({ name, variable }) => [name, gradientOf(variable)])), 0.1);
      alone.forEach(({ name, variable }, i) =>
        optimizers[i]!.apply({ [name]: gradientOf(variable) }, 0.1 * rates[name]!),
      );
    }
    together.forEach(({ variable }, i) => expect(variable.dataSync()).toEqual(alone[i]!.variable.dataSync()));
    expect(together[0]!.variable.dataSync()).not.toEqual(together[1]!.variable.dataSync());
  },
);

test('a rate that is not positive is refused', () => {
  const config = optimizerSchema.parse({ name: 'sgd' });
  expect(() => new ParameterGroups(config, [{ name: 'a', variables: [], rate: 0 }])).toThrow(/factor 0/);
});
