import { describe, expect, test } from 'vitest';
import { tf } from '../ops/library.ts';
import { withLazyBinding } from '../testing/lazy-binding.ts';

const values = (tensor: tf.Tensor) => [...tensor.dataSync()];

describe('what is remembered stays within its limits', () => {
  test('a thousand shapes, each met several times', () => {
    withLazyBinding((lazy) => {
      for (let size = 1; size <= 1000; size++) {
        for (let i = 0; i < (size % 10 === 0 ? 3 : 1); i++) {
          const sum = lazy.step(() => tf.tidy(() => values(tf.ones([size]).add(tf.scalar(i)).sum())));
          expect(sum).toEqual([size * (i + 1)]);
        }
      }
      expect(lazy.size.functions).toBeLessThanOrEqual(64);
      expect(lazy.size.ops).toBeLessThanOrEqual(30_000);
    });
  });

  test('what was used longest ago goes first, and comes back when it is used again', () => {
    withLazyBinding(
      (lazy) => {
        const step = (size: number) => lazy.step(() => tf.tidy(() => values(tf.range(0, size).mul(2).sum())));
        for (let size = 2; size < 40; size++) {
          for (let i = 0; i < 3; i++) expect(step(size)).toEqual([size * (size - 1)]);
          expect(lazy.size.functions).toBeLessThanOrEqual(3);
          expect(lazy.size.ops).toBeLessThanOrEqual(12);
        }
        for (let i = 0; i < 3; i++) expect(step(2)).toEqual([2]);
      },
      { functions: 3, ops: 12 },
    );
  });
});
