export { drawsFor } from '../sources/single-image/draws.ts';
export { type Generator, ImageMaker } from '../sources/single-image/generate.ts';
export { renderScene } from '../sources/single-image/scene.ts';
export { strengthsSchema } from '../sources/single-image/settings.ts';
