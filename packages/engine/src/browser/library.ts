/** In a page: stands in the place of `../tensorflow.ts`. */
export * as tf from './tfjs.ts';
