import type * as Native from '../ops/one-dnn.ts';

/** In a page: there is no oneDNN. */
export const onceOnCpu: typeof Native.onceOnCpu = () => () => false;
