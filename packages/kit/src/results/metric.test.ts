import { expect, test } from 'vitest';
import { accuracy, metricName, metricSchema, metricsOf, metricValues, type Metric } from './metric.ts';

const metric: Metric = { head: 'linear', protocol: 'zhang', layer: 'conv3', measure: 'top1', value: 48.5, ...accuracy };

test('a name says head, protocol, layer, measure, and whether it is the best of any epoch', () => {
  expect(metricName(metric)).toBe('linear/zhang/conv3/top1');
  expect(metricName({ ...metric, epoch: 'best' })).toBe('linear/zhang/conv3/top1-best');
  expect(metricName({ head: 'pretext', measure: 'loss' })).toBe('pretext/loss');
});

test('two metrics of one name are refused', () => {
  expect(metricValues([metric, { ...metric, layer: 'conv4' }])).toEqual({
    'linear/zhang/conv3/top1': 48.5,
    'linear/zhang/conv4/top1': 48.5,
  });
  expect(() => metricValues([metric, metric])).toThrow('linear/zhang/conv3/top1');
});

test('what was not measured is left out', () => {
  const title = { head: 'knn', protocol: 'cosine-k1', layer: 'conv2' };
  expect(metricsOf(title, { top1: accuracy, top5: accuracy }, { top1: 50, top5: undefined })).toEqual([
    { ...title, measure: 'top1', value: 50, ...accuracy },
  ]);
});

test('the schema takes finite numbers and no unknown key', () => {
  expect(metricSchema.parse(metric)).toEqual(metric);
  expect(metricSchema.safeParse({ ...metric, value: NaN }).success).toBe(false);
  expect(metricSchema.safeParse({ ...metric, percent: true }).success).toBe(false);
  expect(metricSchema.safeParse({ ...metric, layer: 'a/b' }).success).toBe(false);
});
