export * from './layers/padded-pooling.ts';
export * from './layers/average-pooling.ts';
