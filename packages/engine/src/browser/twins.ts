import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const twins: readonly (readonly [native: URL, page: URL])[] = [
  [new URL('../tensorflow.ts', import.meta.url), new URL('./library.ts', import.meta.url)],
  [new URL('../platform.ts', import.meta.url), new URL('./platform.ts', import.meta.url)],
];

/**
 * The two files through which networks and layers reach TensorFlow's library, by absolute path, and the file that a bundler
 * puts in the place of each where they are to run in a page: all else is the same source there.
 */
export const pageTwins: ReadonlyMap<string, string> = new Map(
  twins.map(([native, page]) => [fileURLToPath(native), fileURLToPath(page)]),
);

/** tfjs's WebAssembly file with vector instructions, which `startBackend` in a page takes. */
export const wasmFile = createRequire(import.meta.url).resolve(
  '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm',
);
