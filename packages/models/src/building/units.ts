export { affineLayers, foldBatchNorm } from './affine-layers.ts';
export { balanceLayers } from './balance-layers.ts';
export { codeHead, codeOf } from './code-head.ts';
export { convolutionUnit } from './convolution-unit.ts';
export { flatten, fullyConnectedUnit } from './fully-connected.ts';
export { type LayerInit, gaussianInit, heInit, pytorchInit } from './layer-init.ts';
export { samplingGrid } from './sampling-grid.ts';
export { shareWeights } from './shared-weights.ts';
