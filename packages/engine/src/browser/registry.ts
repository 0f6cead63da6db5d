import type * as Native from '../ops/registry.ts';

/** In a page: an op is what it computes, since nothing is differentiated. */
export const defineOp: typeof Native.defineOp =
  ({ forward }) =>
  (inputs, attributes) =>
    [forward(inputs, attributes)].flat();

/** In a page: nothing to replace. */
export const replaceGradient: typeof Native.replaceGradient = () => undefined;

/** In a page: no gradient reads any. */
export const readsFirstGradientOnly: typeof Native.readsFirstGradientOnly = () => false;
