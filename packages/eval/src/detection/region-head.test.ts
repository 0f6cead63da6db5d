import { expect, test } from 'vitest';
import { tf } from '@selfsup/engine/tensorflow';
import { REGION_BINS, regionHead } from './region-head.ts';

test('with batch norm the scale of the map is nothing to a head, and it has no dropout', () => {
  const head = regionHead(2, { classes: 3, units: 4, hidden: 'batch-norm', key: [1, 2] });
  const x = tf.randomUniform([6, REGION_BINS, REGION_BINS, 2], 1, 2, 'float32', 3);
  const [once, larger] = [1, 100].map((times) => {
    const [scores] = head.apply(x.mul(times), { training: true }) as tf.Tensor2D[];
    return [...scores!.dataSync()];
  });
  larger!.forEach((score, i) => expect(score).toBeCloseTo(once![i]!, 4));
  expect(new Set(once)).not.toEqual(new Set([0]));
  expect(head.layers.map(({ name }) => name)).not.toContain('fc6_dropout');
  const published = regionHead(2, { classes: 3, units: 4, key: [1, 2] });
  expect(published.layers.map(({ name }) => name)).toContain('fc6_dropout');
  tf.dispose([x]);
  head.dispose();
  published.dispose();
});
