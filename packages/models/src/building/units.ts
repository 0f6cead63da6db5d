export { codeHead, codeOf } from './code-head.ts';
export { convolutionUnit } from './convolution-unit.ts';
export { flatten, fullyConnectedUnit } from './fully-connected.ts';
export { type LayerStart, gaussianStart, heStart, pytorchStart } from './layer-start.ts';
export { shareWeights } from './shared-weights.ts';
