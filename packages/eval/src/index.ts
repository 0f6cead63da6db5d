export * from './cached-source.ts';
export * from './confusion.ts';
export * from './feature-set.ts';
export * from './frozen-encoder.ts';
export * from './head-source.ts';
export * from './heads.ts';
export * from './head-training.ts';
export * from './npy.ts';
