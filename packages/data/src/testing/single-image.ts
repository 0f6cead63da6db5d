export { drawsFor } from '../sources/single-image/draws.ts';
export { type Generator, ImageMaker } from '../sources/single-image/generate.ts';
export { renderScene } from './scene.ts';
export { strengthsSchema } from '../sources/single-image/settings.ts';
