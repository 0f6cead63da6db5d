import { expect, test } from 'vitest';
import { heFanInInit } from './layer-init.ts';

test('what layers begin with keeps the scale of what comes in, whatever their width', () => {
  for (const [inputs, units] of [
    [400, 30],
    [50, 300],
  ] as const) {
    const { kernelInitializer, biasInitializer } = heFanInInit([1, 2])('fc6', inputs);
    const kernel = kernelInitializer.apply([inputs, units]);
    const { mean, variance } = { mean: kernel.mean(), variance: kernel.square().mean() };
    expect(mean.arraySync()).toBeCloseTo(0, 2);
    expect((variance.arraySync() as number) * inputs).toBeCloseTo(2, 1);
    expect([...biasInitializer.apply([2]).dataSync()]).toEqual([0, 0]);
  }
});
