import { expect, test } from 'vitest';
import { sampleMetric, sampleRun } from '../testing/run.ts';
import { leadingMetrics, matchesName, rankings } from './ranking.ts';

const everything = () => true;
const measured = (run: ReturnType<typeof sampleRun>) => run.metrics;
const loss = { protocol: undefined, head: 'pretext', measure: 'loss', unit: 'none', better: 'less' } as const;

test('a list leads with the best layer of each head and protocol, pretext tasks last', () => {
  const { metrics } = sampleRun('a', [
    sampleMetric(90, 'x', { head: 'pretext', protocol: undefined, measure: 'accuracy' }),
    sampleMetric(1, 'x', loss),
    sampleMetric(40, 'conv1'),
    sampleMetric(70, 'conv1', { measure: 'top5' }),
    sampleMetric(50, 'conv2'),
    sampleMetric(60, 'conv2', { epoch: 'best' }),
    sampleMetric(45, 'conv3'),
    sampleMetric(30, 'conv1', { head: 'knn', protocol: 'cosine-k1', family: { name: 'cosine', parameter: 'k = 1' } }),
    sampleMetric(35, 'conv1', { head: 'knn', protocol: 'cosine-k9', family: { name: 'cosine', parameter: 'k = 9' } }),
  ]);
  expect(leadingMetrics(metrics).map(({ head, value }) => [head, value])).toEqual([
    ['linear', 50],
    ['knn', 30],
    ['pretext', 90],
  ]);
});

test('a mean average precision leads like an accuracy, the chance beside it does not', () => {
  const map = { head: 'retrieval', measure: 'map', unit: 'share' } as const;
  const chance = sampleMetric(0.05, 'conv2', { ...map, measure: 'chance', better: 'neither' });
  const { metrics } = sampleRun('a', [chance, sampleMetric(0.4, 'conv1', map), sampleMetric(0.5, 'conv2', map)]);
  expect(leadingMetrics(metrics).map(({ measure, value }) => [measure, value])).toEqual([['map', 0.5]]);
});

test('where no accuracy was measured, a list leads with what there is', () => {
  expect(leadingMetrics(measured(sampleRun('a', [sampleMetric(1.5, 'x', loss)])))).toHaveLength(1);
  expect(leadingMetrics([])).toEqual([]);
});

test('variants stand by the mean of their seeds, each at the layer that is best in that mean', () => {
  const runs = [
    sampleRun('low', [sampleMetric(48, 'conv1'), sampleMetric(10, 'conv2')]),
    // Seed 2 alone is best at conv2; in the mean conv1 is.
    sampleRun('high', [sampleMetric(60, 'conv1'), sampleMetric(40, 'conv2')]),
    sampleRun('high', [sampleMetric(54, 'conv1'), sampleMetric(58, 'conv2')], { seed: 2 }),
  ];
  const [only, ...none] = rankings(runs, everything);
  expect(none).toEqual([]);
  expect(only).toMatchObject({ name: 'linear/zhang/*/top1', data: ['few'] });
  expect(
    only!.ranked.map(({ experiment, metric, mean, deviation, seeds }) => [experiment, metric, mean, deviation, seeds]),
  ).toEqual([
    ['high', 'linear/zhang/conv1/top1', 57, Math.sqrt(18), [1, 2]],
    ['low', 'linear/zhang/conv1/top1', 48, undefined, [1]],
  ]);
});

test('less of a loss is better, and numbers on other data are ranked apart', () => {
  const onOther = sampleRun('c', [sampleMetric(0.1, 'x', loss)]);
  const runs = [
    sampleRun('a', [sampleMetric(2, 'x', loss)]),
    sampleRun('b', [sampleMetric(1, 'x', loss)]),
    { ...onOther, metrics: onOther.metrics.map((metric) => ({ ...metric, data: ['other'] })) },
  ];
  expect(rankings(runs, everything).map(({ data, ranked }) => [data, ranked.map((one) => one.experiment)])).toEqual([
    [['few'], ['b', 'a']],
    [['other'], ['c']],
  ]);
});

test.each([
  ['linear/*/top1', 'linear/zhang/conv1/top1', true],
  ['linear/*/top1', 'linear/zhang/conv1/top1-best', false],
  ['*', 'anything', true],
  ['a.c', 'abc', false],
  ['a+(b', 'a+(b', true],
])('%s takes %s: %s', (pattern, name, takes) => expect(matchesName(pattern, name)).toBe(takes));
