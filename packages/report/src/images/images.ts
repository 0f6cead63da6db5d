export { filterGrid, gridPng } from './filter-grid.ts';
export { withLighterPictures } from './lighter-pictures.ts';
export { maskPng } from './mask-png.ts';
export { encodePng } from './png.ts';
