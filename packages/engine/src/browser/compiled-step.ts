import type * as Native from '../compiled-step/compiled-step.ts';

/** In a page: there are no functions of TensorFlow to make of a step. */
export const compiledStep: typeof Native.compiledStep = (f) => f();

/** In a page: all ops run at once. */
export const eagerly: typeof Native.eagerly = (f) => f();

/** In a page: nothing to prepare. */
export const prepareSteps: typeof Native.prepareSteps = () => undefined;
