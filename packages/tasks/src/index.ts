export * from './task.ts';
export * from './training-config.ts';
export * from './training-stage.ts';
