export * from './errors.ts';
export * from './files.ts';
export type * from './progress.ts';
export * from './stage.ts';
