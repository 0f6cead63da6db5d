// What reads or changes networks that are built, for trainings of others on top of them.
export { affineLayers, foldBatchNorm } from './affine-layers.ts';
export { balanceLayers } from './balance-layers.ts';
export { samplingGrid } from './sampling-grid.ts';
export { shareWeights } from './shared-weights.ts';
