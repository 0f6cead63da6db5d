export { findCompiler } from './addon.ts';
export { findPython } from './wheels.ts';
