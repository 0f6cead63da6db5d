export { findCompiler } from './addon/addon.ts';
export { findPython } from './library/wheels.ts';
