import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const twins: readonly (readonly [native: URL, page: URL])[] = [
  [new URL('../tensorflow.ts', import.meta.url), new URL('./library.ts', import.meta.url)],
  [new URL('../ops/library.ts', import.meta.url), new URL('./library.ts', import.meta.url)],
  [new URL('../kernel.ts', import.meta.url), new URL('./kernel.ts', import.meta.url)],
  [new URL('../compiled-step/compiled-step.ts', import.meta.url), new URL('./compiled-step.ts', import.meta.url)],
  [new URL('../ops/registry.ts', import.meta.url), new URL('./registry.ts', import.meta.url)],
  [new URL('../ops/one-dnn.ts', import.meta.url), new URL('./one-dnn.ts', import.meta.url)],
  [new URL('../tensors/device-random.ts', import.meta.url), new URL('./device-random.ts', import.meta.url)],
];

/**
 * The files of this package that call TensorFlow's library, by absolute path, and the file that a bundler puts in the
 * place of each where networks and layers are to run in a page: they are the same source there.
 */
export const pageTwins: ReadonlyMap<string, string> = new Map(
  twins.map(([native, page]) => [fileURLToPath(native), fileURLToPath(page)]),
);

/** tfjs's WebAssembly file with vector instructions, which `startBackend` in a page takes. */
export const wasmFile = createRequire(import.meta.url).resolve(
  '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm',
);
