export { batchNorm, batchNormRelu, type BatchNormSettings } from './layers/batch-normalization.ts';
export { conv2d, type Conv2dSettings } from './layers/convolution.ts';
export { dense, type DenseSettings } from './layers/dense.ts';
export { groupedConv2d, type GroupedConv2dSettings } from './layers/grouped-convolution.ts';
export { localResponseNorm, type LocalResponseNormSettings } from './layers/local-response-norm.ts';
export { sobel } from './layers/sobel.ts';
export { dropout, setTrainingStep } from './layers/dropout.ts';
export { withMovingDecay } from './layers/moving-decay.ts';
