export { batchNorm, batchNormRelu } from './layers/batch-normalization.ts';
export { conv2d } from './layers/convolution.ts';
export { dense } from './layers/dense.ts';
export { groupedConv2d } from './layers/grouped-convolution.ts';
export { localResponseNorm } from './layers/local-response-norm.ts';
export { sobel } from './layers/sobel.ts';
export { dropout, setTrainingStep } from './layers/dropout.ts';
export { withMovingDecay } from './layers/moving-decay.ts';
