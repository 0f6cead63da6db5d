import { expect, test } from 'vitest';
import { constant } from './initialisers.ts';

test('a constant is written by TensorFlow, not from an array of JavaScript', () => {
  const before = process.memoryUsage().arrayBuffers;
  const filled = constant(0.1).apply([1024, 4096]);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 20); // of 2²⁴ bytes
  expect(filled.dtype).toBe('float32');
  expect(filled.min().dataSync()).toEqual(Float32Array.of(0.1));
  expect(filled.max().dataSync()).toEqual(Float32Array.of(0.1));
});
