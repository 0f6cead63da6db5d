import { describe, expect, it } from 'vitest';
import { formatProfile, matrixMultiplyPeak, profile } from './profile.ts';
import { tf } from '../tensorflow.ts';

const work = () => {
  tf.tidy(() => {
    const a = tf.ones([8, 16]);
    tf.matMul(a as tf.Tensor2D, tf.ones([16, 4])).relu();
    a.relu();
  });
};

describe('profile', () => {
  it('counts calls and bytes of each op, and leaves the backend as it was', () => {
    const before = (tf.backend() as unknown as { binding: unknown }).binding;
    const { ops, milliseconds } = profile(work);
    const relu = ops.find((op) => op.name === 'Relu')!;
    expect(relu).toMatchObject({ calls: 2, bytes: 4 * (8 * 4 + 8 * 16) });
    expect(ops.reduce((sum, op) => sum + op.milliseconds, 0)).toBeLessThanOrEqual(milliseconds);
    expect((tf.backend() as unknown as { binding: unknown }).binding).toBe(before);
  });

  it('can tell shapes apart, and prints a line for each', () => {
    const measured = profile(work, { shapes: true });
    expect(measured.ops.map((op) => op.name)).toEqual(expect.arrayContaining(['Relu [8,4]', 'Relu [8,16]']));
    expect(formatProfile(measured, 0)).toMatch(/^Relu \[8,16\] +1 /m);
  });

  it('restores the backend when the function throws', () => {
    const before = (tf.backend() as unknown as { binding: unknown }).binding;
    expect(() => profile(() => tf.matMul(tf.ones([2, 3]), tf.ones([2, 3])))).toThrow();
    expect((tf.backend() as unknown as { binding: unknown }).binding).toBe(before);
  });
});

describe('matrixMultiplyPeak', () => {
  it('is a speed that some machine can have', () => {
    const peak = matrixMultiplyPeak({ side: 128, repetitions: 2 });
    expect(peak).toBeGreaterThan(1e6);
    expect(peak).toBeLessThan(1e15);
  });
});
