export * from './dataset.ts';
export * from './dataset-config.ts';
export * from './ingest.ts';
export * from './loader.ts';
export * from './resolve.ts';
export * from './subset.ts';
export * from './verify-dataset.ts';
