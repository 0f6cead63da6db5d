export * from './layers/padded-pooling.ts';
export * from './layers/average-pooling.ts';
export * from './layers/adaptive-max-pooling.ts';
export * from './layers/bilinear-resize.ts';
