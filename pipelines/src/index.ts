export * from './artifacts.ts';
export * from './experiment.ts';
export * from './manifest.ts';
export * from './session.ts';
export * from './workspace.ts';
