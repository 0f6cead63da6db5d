export { batchNorm, batchNormRelu, type BatchNormSettings } from './layers/batch-normalization.ts';
export { conv2d, type Conv2dSettings } from './layers/convolution.ts';
export { dense, type DenseSettings } from './layers/dense.ts';
export { dropout, setTrainingStep } from './layers/dropout.ts';
