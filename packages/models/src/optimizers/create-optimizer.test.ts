import { describe, expect, test } from 'vitest';
import { tf } from '@selfsup/engine/tensorflow';
import { processMemory, resetPeak } from '@selfsup/engine/testing/memory';
import { profile } from '@selfsup/engine/testing/profile';
import { optimizerSchema } from './config.ts';
import { createOptimizer, type Optimizer } from './create-optimizer.ts';

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

  test.each([
    { momentum: 0, nesterov: false, weightDecay: 0 },
    { momentum: 0, nesterov: false, weightDecay: 0.3 },
    { momentum: 0.9, nesterov: false, weightDecay: 0.3 },
    { momentum: 0.9, nesterov: true, weightDecay: 0 },
    { momentum: 0.9, nesterov: true, weightDecay: 0.3 },
  ])('SGD with %o keeps to its law within 1e-6', (config) => {
    const { momentum, nesterov, weightDecay } = config;
    const made = setUp({ name: 'sgd', ...config });
    const weights = [1, 1, -1];
    const sums = [0, 0, 0];
    rates.forEach((rate, update) => {
      const gradient = [0, 1, 2].map((i) => Math.fround(Math.sin(3 * update + i)));
      tf.tidy(() => made.optimizer.apply({ [made.name]: tf.tensor1d(gradient) }, rate));
      weights.forEach((weight, i) => {
        const d = gradient[i]! + weightDecay * weight;
        sums[i] = momentum * sums[i]! + d;
        weights[i] = weight - rate * (nesterov ? d + momentum * sums[i]! : sums[i]!);
      });
    });
    made.variable.dataSync().forEach((value, i) => expect(Math.abs(value - weights[i]!)).toBeLessThan(1e-6));
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

  const each = [
    { name: 'sgd', momentum: 0 },
    { name: 'sgd', nesterov: false },
    { name: 'sgd', nesterov: true },
    { name: 'adam' },
  ];

  test.each(each)('an update of %o runs no op that makes a tensor', (config) => {
    const made = setUp({ weightDecay: 0.1, ...config });
    step(made, 0.1);
    const gradient = tf.tensor1d([1, 2, 3]).add(1);
    const { ops } = profile(() => made.optimizer.apply({ [made.name]: gradient }, 0.1));
    // Reading gives the variable's own memory.
    expect(ops.filter(({ bytes }) => bytes > 0).map(({ name }) => name)).toEqual(['ReadVariableOp']);
    expect(ops.length).toBeGreaterThan(1);
  });

  test.each(each)('an update of %o takes no memory beside weights, gradient and slots', (config) => {
    const size = 4e6;
    const variable = tf.variable(tf.fill([size], 1));
    const optimizer = createOptimizer(optimizerSchema.parse(config), [{ name: 'w', variable }]);
    const update = () => {
      const gradient = tf.fill([size], 0.5);
      const rss = processMemory().rss;
      const reset = resetPeak();
      optimizer.apply({ w: gradient }, 0.1);
      const grown = processMemory().peak - rss;
      gradient.dispose();
      return { reset, grown };
    };
    update();
    update();
    const { reset, grown } = update();
    expect(reset).toBe(true);
    // A tensor of theirs takes four bytes for each.
    expect(grown).toBeLessThan(2 * size);
    expect(variable.dataSync()[size - 1]).toBeLessThan(1);
    optimizer.dispose();
    variable.dispose();
  });

  test('decay changes no gradient that somebody else holds, nor one that two variables share', () => {
    const [w, v] = [1, 2].map((value) => tf.variable(tf.tensor1d([value, value])));
    const named = [
      { name: 'w', variable: w! },
      { name: 'v', variable: v! },
    ];
    const config = { name: 'sgd', momentum: 0, weightDecay: 0.5 };
    const optimizer = createOptimizer(optimizerSchema.parse(config), named);
    const held = tf.tidy(() => {
      const { grads } = tf.variableGrads(
        () =>
          w!
            .add(v!)
            .mul(tf.tensor1d([3, 4]))
            .sum() as tf.Scalar,
        [w!, v!],
      );
      const clone = grads[w!.name]!.clone();
      optimizer.apply({ w: grads[w!.name]!, v: grads[v!.name]! }, 0.5);
      return clone;
    });
    expect([...held.dataSync()]).toEqual([3, 4]);
    // w − 0.5 · (gradient + 0.5 · w)
    expect([...w!.dataSync()]).toEqual([-0.75, -1.25]);
    expect([...v!.dataSync()]).toEqual([0, -0.5]);
  });

  test('weights stay with who holds them: after the optimiser, before the next update, in a clone', () => {
    const made = setUp({ name: 'sgd', momentum: 0, weightDecay: 0 });
    const update = () => tf.tidy(() => made.optimizer.apply({ [made.name]: tf.ones([3]) }, 1));
    update();
    update();
    const clone = made.variable.clone();
    expect(made.variable.dataSync()[0]).toBe(-1);
    update();
    expect(clone.dataSync()[0]).toBe(-1);
    update();
    made.optimizer.dispose();
    expect(made.variable.dataSync()[0]).toBe(-3);
    made.variable.dispose();
  });

  test('a saved state of another shape is refused by name', () => {
    const saved = setUp({ name: 'sgd' }).optimizer.slots();
    saved.set('net/layer/kernel/momentum', { shape: [2], data: Float32Array.of(0, 0) });
    expect(() => setUp({ name: 'sgd' }).optimizer.restore(saved)).toThrow(/net\/layer\/kernel\/momentum.*\[3\]/);
    expect(() => setUp({ name: 'adam' }).optimizer.restore(new Map())).toThrow(/net\/layer\/kernel\/first/);
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
