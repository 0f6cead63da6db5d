import { expect, test } from 'vitest';
import { formerMetrics, metricSchema, metricValues } from './metric.ts';

const values = {
  'linear/zhang/conv3/top1': 48.5,
  'linear/zhang/conv3/top1-best': 49,
  'knn/cosine-k10/conv2/top5': 80,
  'attention/power-2/conv2/rotation-correlation': 0.5,
  'pretext/final/nmi-labels': 0.4,
  'pretext/loss': 0.7,
  'images/train': 60_000,
};

test('every name and value is as it was, and each is a metric of today', () => {
  expect(metricValues(formerMetrics(values))).toEqual(values);
  for (const metric of formerMetrics(values)) expect(metricSchema.parse(metric)).toEqual(metric);
});

test('accuracies are in percent, the best of any epoch is told apart, numbers in protocols make families', () => {
  const [linear, best, knn, attention, nmi] = formerMetrics(values);
  expect(linear).toMatchObject({ head: 'linear', protocol: 'zhang', layer: 'conv3', measure: 'top1', unit: '%' });
  expect(best).toMatchObject({ measure: 'top1', epoch: 'best', unit: '%' });
  expect(knn!.family).toEqual({ name: 'cosine', parameter: 'k = 10' });
  expect(attention).toMatchObject({ family: { name: 'power', parameter: 'power 2' }, unit: 'none' });
  expect(nmi).toMatchObject({ head: 'pretext', protocol: 'final', measure: 'nmi-labels' });
});
