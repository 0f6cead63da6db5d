import { tf } from '@selfsup/engine/tensorflow';
import { expect, test } from 'vitest';
import { optimizerSchema } from './config.ts';
import { createOptimizer } from './optimizer.ts';
import { rateGroups } from './rate-groups.ts';

const start = [1, -2, 3];
const variableOf = (name: string) => ({ name, variable: tf.variable(tf.tensor1d(start)) });
const gradientOf = (variable: tf.Variable) => tf.tidy(() => variable.mul(2).sub(0.5));

test.each(['sgd', 'adam'])(
  '%s: each group moves as an optimiser of its own with its rate; state comes back',
  (name) => {
    const config = optimizerSchema.parse({ name });
    const factors: Record<string, number> = { a: 1, b: 0.25, c: 0.25 };
    const together = Object.keys(factors).map(variableOf);
    const alone = Object.keys(factors).map(variableOf);
    const optimizers = alone.map((one) => createOptimizer(config, [one]));
    let groups = rateGroups(config, together, (one) => factors[one]!);
    for (let step = 0; step < 4; step++) {
      if (step === 2) {
        const slots = groups.slots();
        groups.dispose();
        groups = rateGroups(config, together, (one) => factors[one]!);
        groups.restore(slots);
      }
      groups.apply(Object.fromEntries(together.map(({ name, variable }) => [name, gradientOf(variable)])), 0.1);
      alone.forEach(({ name, variable }, i) =>
        optimizers[i]!.apply({ [name]: gradientOf(variable) }, 0.1 * factors[name]!),
      );
    }
    together.forEach(({ variable }, i) => expect(variable.dataSync()).toEqual(alone[i]!.variable.dataSync()));
    expect(together[0]!.variable.dataSync()).not.toEqual(together[1]!.variable.dataSync());
  },
);

test('a rate that is not positive is refused', () => {
  expect(() => rateGroups(optimizerSchema.parse({ name: 'sgd' }), [variableOf('a')], () => 0)).toThrow(/factor 0/);
});
