import { expect, test } from 'vitest';
import { resolvePublished } from './entry.ts';
import { wholeTables } from './whole-tables.ts';

const metrics = (column: string): Record<string, string> => ({ [column]: 'linear/asano/conv1/top1' });

test('a table of which two rows are named is shown whole, one of a single row is not', async () => {
  const numbers = await Promise.all([
    resolvePublished({ row: 'single-image-linear/j', metrics: metrics('conv1') }, ['cifar10']),
    resolvePublished({ row: 'single-image-linear/k', metrics: metrics('conv1') }, ['cifar10']),
    resolvePublished({ row: 'deepcluster-linear/deepcluster', metrics: metrics('imagenet-conv1') }, ['cifar10']),
    resolvePublished({ metric: 'a', value: 1, source: 'b' }, []),
  ]);
  const whole = await wholeTables(numbers.flat());
  expect(whole.map(({ name, table }) => [name, table.rows.length])).toEqual([['single-image-linear', 20]]);
});
