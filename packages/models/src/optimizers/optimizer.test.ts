import { tf } from '@selfsup/engine/tensorflow';
import { describe, expect, test } from 'vitest';
import { optimizerSchema } from './config.ts';
import { createOptimizer, type Optimizer } from './optimizer.ts';

const a = [1, 0.5, 2];
const b = [0.3, -1, 2];
const rates = [0.1, 0.1, 0.02, 0.02, 0.02];

function setUp(config: object, name = 'net/layer/kernel', exempt?: (name: string) => boolean) {
  const variable = tf.variable(tf.tensor1d([1, 1, -1]));
  return { name, variable, optimizer: createOptimizer(optimizerSchema.parse(config), [{ name, variable }], exempt) };
}

/** A step down the gradient of sum(a · (w − b)²) / 2. */
function step({ name, variable, optimizer }: ReturnType<typeof setUp>, rate: number): void {
  tf.tidy(() => optimizer.apply({ [name]: variable.sub(tf.tensor1d(b)).mul(tf.tensor1d(a)) }, rate));
}

function run(config: object, name?: string): number[] {
  const made = setUp(config, name);
  for (const rate of rates) step(made, rate);
  return [...made.variable.dataSync()];
}

describe('optimisers', () => {
  // Expected values: PyTorch in float64, bench/oracles/optimizer_reference.py.
  test.each([
    ['plain SGD', { name: 'sgd', momentum: 0, nesterov: false, weightDecay: 0 }, [0.8336559, 0.7513897, 0.3013069]],
    ['momentum', { name: 'sgd', nesterov: false, weightDecay: 0 }, [0.6886667, 0.5306291, 1.3891045]],
    ['Nesterov with decay', { name: 'sgd', weightDecay: 0.05 }, [0.5647075, 0.3305428, 1.8923581]],
    ['Adam', { name: 'adam', weightDecay: 0 }, [0.7423673, 0.7405393, -0.7403313]],
    [
      "Adam with BiGAN's betas and decay",
      { name: 'adam', beta1: 0.5, weightDecay: 0.05 },
      [0.7485901, 0.7427544, -0.7417264],
    ],
  ])('%s follows PyTorch', (_what, config, expected) => {
    run(config).forEach((value, index) => expect(value).toBeCloseTo(expected[index]!, 5));
  });

  test('momentum on a constant gradient reaches gradient / (1 − momentum)', () => {
    const { optimizer, variable, name } = setUp({ name: 'sgd', nesterov: false, weightDecay: 0, momentum: 0.5 });
    for (let i = 0; i < 40; i++) tf.tidy(() => optimizer.apply({ [name]: tf.ones([3]) }, 0));
    const before = variable.dataSync()[0]!;
    tf.tidy(() => optimizer.apply({ [name]: tf.ones([3]) }, 0.1));
    expect(before - variable.dataSync()[0]!).toBeCloseTo(0.2, 6);
  });

  test('biases take their multiple of the learning rate, other weights do not', () => {
    const config = { name: 'sgd', weightDecay: 0.05, biasLearningRate: 2 };
    expect(run(config, 'net/layer/kernel')).toEqual(run({ name: 'sgd', weightDecay: 0.05 }));
    const doubled = setUp({ name: 'sgd', weightDecay: 0.05 });
    for (const rate of rates) step(doubled, 2 * rate);
    expect(run(config, 'net/layer/bias')).toEqual([...doubled.variable.dataSync()]);
  });

  test('decay leaves out the kinds and names that are excluded', () => {
    const config = {
      name: 'sgd',
      momentum: 0,
      nesterov: false,
      weightDecay: 0.5,
      excludeFromDecay: ['bias', 'normalisation'],
    };
    const decayed = (name: string, exempt?: (name: string) => boolean): boolean => {
      const { optimizer, variable } = setUp(config, name, exempt);
      tf.tidy(() => optimizer.apply({ [name]: tf.zeros([3]) }, 0.1));
      return variable.dataSync()[0] !== 1;
    };
    expect(['n/conv/kernel', 'n/conv/bias', 'n/bn/gamma', 'n/bn/beta'].map((name) => decayed(name))).toEqual([
      true,
      false,
      false,
      false,
    ]);
    expect(decayed('n/conv/kernel', (name) => name.includes('conv'))).toBe(false);
  });

  test.each([{ name: 'sgd' }, { name: 'adam' }])('$name goes on from saved slots to the bit', (config) => {
    const straight = setUp(config);
    for (const rate of rates) step(straight, rate);

    const first = setUp(config);
    for (const rate of rates.slice(0, 2)) step(first, rate);
    const second = setUp(config);
    second.variable.assign(first.variable);
    second.optimizer.restore(first.optimizer.slots());
    for (const rate of rates.slice(2)) step(second, rate);
    expect(second.variable.dataSync()).toEqual(straight.variable.dataSync());
  });

  test('slots are named after their variables; reset forgets them', () => {
    const made = setUp({ name: 'adam' });
    step(made, 0.1);
    const { optimizer }: { optimizer: Optimizer } = made;
    expect([...optimizer.slots().keys()]).toEqual(['net/layer/kernel/first', 'net/layer/kernel/second', 'updates']);
    optimizer.reset();
    expect([...optimizer.slots().values()].every(({ data }) => data.every((value) => value === 0))).toBe(true);
  });

  test('a step leaves no tensors behind', () => {
    for (const config of [{ name: 'sgd' }, { name: 'adam' }]) {
      const made = setUp(config);
      const before = tf.memory().numTensors;
      step(made, 0.1);
      expect(tf.memory().numTensors).toBe(before);
      made.optimizer.dispose();
    }
  });

  test('config: defaults are RotNet’s, unknown keys are refused', () => {
    expect(optimizerSchema.parse({ name: 'sgd' })).toEqual({
      name: 'sgd',
      momentum: 0.9,
      nesterov: true,
      biasLearningRate: 1,
      weightDecay: 5e-4,
      excludeFromDecay: [],
    });
    expect(optimizerSchema.safeParse({ name: 'sgd', nestrov: true }).success).toBe(false);
  });
});
