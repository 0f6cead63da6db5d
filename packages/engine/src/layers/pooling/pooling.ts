export * from './padded-pooling.ts';
export * from './average-pooling.ts';
export * from './adaptive-max-pooling.ts';
export * from './bilinear-resize.ts';
export { regionCells, regionMaxPool, type RegionCells } from '../../tensors/region-pooling.ts';
