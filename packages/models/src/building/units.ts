export { codeHead, codeOf } from './code-head.ts';
export { convolutionUnit } from './convolution-unit.ts';
export { flatten, fullyConnectedUnit } from './fully-connected.ts';
export { type LayerInit, gaussianInit, heFanInInit, heInit, pytorchInit } from './layer-init.ts';
