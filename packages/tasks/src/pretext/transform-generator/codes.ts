import { deviceUniform } from '@selfsup/engine/platform';
import type { tf } from '@selfsup/engine/tensorflow';
import type { RandomKey } from '@selfsup/kit/random';

/** Codes `[count, codeSize]`, each number uniform in [−1, 1]: a function of the key. */
export function drawCodes(key: RandomKey, count: number, codeSize: number): tf.Tensor2D {
  return deviceUniform(key, [count, codeSize], -1, 1) as tf.Tensor2D;
}
