/** In a page: stands in the place of `../ops/library.ts` and of `../tensorflow.ts`. */
export * as tf from './tfjs.ts';
