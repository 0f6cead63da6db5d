import type * as Attributes from '../attributes.ts';
import type * as Native from '../platform.ts';
import { kernel } from './kernel.ts';
import { tf } from './library.ts';

export * from '../attributes.ts';
export { kernel, tf };

// Does not compile where `../platform.ts` offers more.
const page: Omit<typeof Native, 'tf' | keyof typeof Attributes> = {
  kernel,
  usesGpu: () => false,

  // There is no oneDNN.
  onceOnCpu: () => () => false,

  // An op is what it computes, since nothing is differentiated.
  defineOp:
    ({ forward }) =>
    (inputs, attributes) =>
      [forward(inputs, attributes)].flat(),

  // A network is built to be given its weights at once: what it would begin with is not drawn.
  deviceNormal: (_key, shape) => tf.zeros([...shape]),
  deviceUniform: (_key, shape) => tf.zeros([...shape]),
};

/** In a page: stands in the place of `../platform.ts`, with the same names. */
export const { usesGpu, onceOnCpu, defineOp, deviceNormal, deviceUniform } = page;
