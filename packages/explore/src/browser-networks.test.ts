import { readFile } from 'node:fs/promises';
import { createContext, runInContext } from 'node:vm';
import { beforeAll, expect, test } from 'vitest';
import { wasmFile } from '@selfsup/engine/browser-twins';
import { bundleForBrowser } from './make/bundle.ts';
import { forward, type ForwardRequest } from './testing/forward.ts';

// What a page runs, without a browser: in a context of its own that only has what browsers have.
let inBrowser: (request: string) => Promise<number[]>;
let productByWasm: (wasm: ArrayBuffer, a: readonly number[], b: readonly number[]) => Promise<Float32Array>;
beforeAll(async () => {
  const entry = `
    import '@tensorflow/tfjs-backend-cpu';
    import { startBackend } from '@selfsup/engine/browser-backends';
    import { tf } from '@selfsup/engine/tensorflow';
    import { forward } from './forward.ts';
    globalThis.forward = async (request) => (await tf.setBackend('cpu'), forward(JSON.parse(request)));
    globalThis.product = async (wasm, a, b) => {
      await startBackend(wasm, 'wasm');
      const [left, right] = [tf.tensor2d(a, [1, b.length]), tf.tensor2d(b, [b.length, 1])];
      return tf.matMul(left, right).data();
    };`;
  const code = await bundleForBrowser(entry, `${import.meta.dirname}/testing`);
  const globals = { console, performance, setTimeout, TextDecoder, TextEncoder, window: { document: {} } };
  const context = createContext(globals);
  runInContext(code, context);
  const made = context as unknown as { forward: typeof inBrowser; product: typeof productByWasm };
  inBrowser = made.forward;
  productByWasm = made.product;
});

const square = (side: number, channels = 3): ForwardRequest['input'] => ({ height: side, width: side, channels });

test.each<[string, ForwardRequest]>([
  ['NIN', { name: 'nin', config: { blocks: 4, width: 12, poolAfterBlock3: true }, input: square(32) }],
  ['AlexNet for small images', { name: 'alexnet-small', config: { width: 8 }, input: square(32) }],
  [
    'the CFN: groups, local response normalisation, pooling rounded up',
    {
      name: 'cfn',
      config: { normalisation: 'local-response', widthMultiplier: 0.1, fullyConnected: 8 },
      input: square(64),
    },
  ],
  [
    "BiGAN's AlexNet: padding that wins no maximum over negative values",
    { name: 'alexnet', config: { variant: 'bigan', sobel: false, widthMultiplier: 0.1 }, input: square(64) },
  ],
  [
    "DeepCluster's AlexNet with its Sobel front end",
    { name: 'alexnet', config: { variant: 'deepcluster', sobel: true, widthMultiplier: 0.05 }, input: square(224) },
  ],
  [
    "BiGAN's generator: transposed convolutions",
    { name: 'bigan-conv', config: { width: 8, lastStd: 0 }, input: square(32), latent: 10 },
  ],
  ["MNIST's generator", { name: 'bigan-mlp', config: { width: 16, lastStd: 0 }, input: square(28, 1), latent: 5 }],
])('%s gives in a page what it gives under TensorFlow', async (_what, request) => {
  const [there, here] = [await inBrowser(JSON.stringify(request)), await forward(request)];
  expect(there).toHaveLength(here.length);
  const largest = Math.max(...here.map(Math.abs));
  expect(largest).toBeGreaterThan(0.01);
  const difference = here.reduce((most, value, i) => Math.max(most, Math.abs(value - there[i]!)), 0);
  expect(difference / largest).toBeLessThan(2e-5);
});

test('the thousands of terms of a wide layer are not added one by one to a float32', async () => {
  const { buffer } = Uint8Array.from(await readFile(wasmFile));
  const terms = Array<number>(9216).fill(Math.fround(0.1));
  const [sum] = await productByWasm(buffer, terms, Array<number>(9216).fill(1));
  // One by one they are off by 8e-5.
  expect(Math.abs(sum! / (9216 * terms[0]!) - 1)).toBeLessThan(2e-6);
});
