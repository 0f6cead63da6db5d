import { createContext, runInContext } from 'node:vm';
import { beforeAll, expect, test } from 'vitest';
import { bundleForBrowser } from './make/bundle.ts';
import { forward, type ForwardRequest } from './testing/forward.ts';

// What a page runs, without a browser: in a context of its own that only has what browsers have.
let inBrowser: (request: string) => Promise<number[]>;
beforeAll(async () => {
  const entry = `
    import '@tensorflow/tfjs-backend-cpu';
    import { tf } from '@selfsup/engine/tensorflow';
    import { forward } from './forward.ts';
    globalThis.forward = async (request) => (await tf.setBackend('cpu'), forward(JSON.parse(request)));`;
  const code = await bundleForBrowser(entry, `${import.meta.dirname}/testing`);
  const globals = { console, performance, setTimeout, TextDecoder, TextEncoder, window: { document: {} } };
  const context = createContext(globals);
  runInContext(code, context);
  inBrowser = (context as unknown as { forward: typeof inBrowser }).forward;
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
