import { expect, test } from 'vitest';
import { readComparison } from '../declare/comparison.ts';
import { readExperiment } from '../declare/experiment.ts';
import { comparisonNames, experimentNames, findWorkspace } from '../declare/workspace.ts';
import { publishedOf } from './comparison-input.ts';
import { publishedOfExperiment } from './published-numbers.ts';

const workspace = findWorkspace();

test.each(experimentNames(workspace))(
  '%s: its published numbers exist, each beside a variant that exists',
  async (name) => {
    const experiment = readExperiment(workspace, name);
    const numbers = await publishedOfExperiment(experiment);
    const names = experiment.variants.map((variant) => variant.name);
    for (const { variant } of numbers) if (variant !== undefined) expect(names).toContain(variant);
  },
);

test('a comparison shows what its experiments say of the variants that it compares, under their labels', async () => {
  expect(comparisonNames(workspace)).toContain('cifar10-small');
  const numbers = await publishedOf(readComparison(workspace, 'cifar10-small'));
  expect(numbers.map(({ variant, metric, value }) => [variant, metric, value])).toEqual(
    expect.arrayContaining([
      ['Labels', 'supervised/top1', 92.8],
      ['RotNet', 'conv/yardstick/conv2/top1', 91.16],
      ['Random weights', 'conv/yardstick/conv2/top1', 72.5],
    ]),
  );
});
