export { batchNorm4d } from '../ops/batch-norm.ts';
export { batchNorm, batchNormRelu } from './batch-normalization.ts';
export { conv2d } from './convolution.ts';
export { dense } from './dense.ts';
export { groupedConv2d } from './grouped-convolution.ts';
export { localResponseNorm } from './local-response-norm.ts';
export { sobel } from './sobel.ts';
export { dropout, setTrainingStep } from './dropout.ts';
export { withMovingDecay } from './moving-decay.ts';
