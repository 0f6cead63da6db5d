// What layers, ops and networks ask of what computes them. In a page `browser/platform.ts` stands in its place, so that what
// imports no more of this package than this, `./tensorflow` and the layers runs there too, from the same source.
export * from './attributes.ts';
export { kernel, usesGpu } from './kernel.ts';
export { tf } from './ops/library.ts';
export { onceOnCpu } from './ops/one-dnn.ts';
export { defineOp } from './ops/registry.ts';
export { deviceNormal, deviceUniform } from './tensors/device-random.ts';
