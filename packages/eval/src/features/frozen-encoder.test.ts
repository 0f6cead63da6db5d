import { expect, test } from 'vitest';
import { batchNorm } from '@selfsup/engine/layers';
import { tf } from '@selfsup/engine/tensorflow';
import { randomKey } from '@selfsup/kit/random';
import { temporaryFolder } from '@selfsup/kit/testing/temporary-folder';
import { configureNetwork } from '@selfsup/models/network';
import { NpyReader } from '@selfsup/numerics/npy';
import { never, randomDataset, silent } from '../testing/in-memory.ts';
import { extractSplit } from './extract-split.ts';
import { freezeEncoder } from './frozen-encoder.ts';

const input = { height: 32, width: 32, channels: 3 };
const normalisation = { mean: [120, 120, 120], std: [60, 60, 60] };

async function smallNin() {
  const network = await configureNetwork({ name: 'nin', blocks: 3, width: 12 });
  return { model: network.build(input, randomKey(3)), input, normalisation, probePoints: network.probePoints };
}

async function extracted(batchSize: number, workers = 0) {
  const workFolder = temporaryFolder('features');
  const frozen = freezeEncoder(await smallNin(), ['conv1', 'conv2']);
  const dataset = randomDataset('test', 10, 32);
  const indices = Uint32Array.of(3, 4, 5, 9, 0, 1, 2);
  const common = { part: 'test', split: 'test', indices, dataset, frozen, layers: ['conv1', 'conv2'] } as const;
  const run = { batchSize, workers, workFolder, progress: silent, signal: never };
  const tensors = tf.memory().numTensors;
  const paths = await extractSplit({ ...common, ...run });
  expect(tf.memory().numTensors).toBe(tensors);
  frozen.assertUnchanged();
  return Object.fromEntries(Object.entries(paths).map(([name, path]) => [name, new NpyReader(path)]));
}

type Written = Awaited<ReturnType<typeof extracted>>;

/** How far features of two extractions lie apart, in parts of the greatest. */
function furthest(a: Written, b: Written, layer: string): number {
  const [values, others] = [a, b].map((written) => written[layer]!.all()) as [Float32Array, Float32Array];
  expect(values).toHaveLength(others.length);
  const greatest = others.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return values.reduce((most, value, i) => Math.max(most, Math.abs(value - others[i]!)), 0) / greatest;
}

test('features, labels and indices are written in the order asked for, whatever the batch size', async () => {
  const [byTwo, byFive, byMany] = [await extracted(2), await extracted(5), await extracted(64)];
  expect(byTwo['test-conv1']?.shape).toEqual([7, 16, 16, 6]);
  expect(byTwo['test-conv2']?.shape).toEqual([7, 8, 8, 12]);
  expect([...(byTwo['test-labels']?.all() ?? [])]).toEqual([1, 0, 1, 1, 0, 1, 0]);
  expect([...(byTwo['test-indices']?.all() ?? [])]).toEqual([3, 4, 5, 9, 0, 1, 2]);
  for (const layer of ['test-conv1', 'test-conv2']) {
    // Some processors add up the images of a batch in another order: the last bits differ.
    expect(furthest(byFive, byTwo, layer)).toBeLessThan(2 ** -22);
    expect(furthest(byMany, byTwo, layer)).toBeLessThan(2 ** -22);
  }
});

test('an encoder whose batch norm is in training mode is refused', () => {
  const image = tf.input({ shape: [8, 8, 3] });
  const norm = batchNorm({ name: 'norm' });
  const call = norm.call.bind(norm);
  norm.call = (x) => call(x, { training: true }); // a layer that will not be told
  const trained = norm.apply(image) as tf.SymbolicTensor;
  const model = tf.model({ inputs: image, outputs: trained });
  const frozen = freezeEncoder(
    { model, input: { height: 8, width: 8, channels: 3 }, normalisation, probePoints: ['norm'] },
    ['norm'],
  );
  const images = randomDataset('test', 4, 8);
  const batch = new Uint8Array(4 * 192);
  for (let i = 0; i < 4; i++) images.readInto('test', i, batch, i * 192);
  expect(() => frozen.assertInference(batch, 4)).toThrow(/not in inference mode/);
  expect(() => frozen.assertUnchanged()).toThrow(/not in inference mode/);
});

test('an unknown layer is refused with the list of those there are', async () => {
  const encoder = await smallNin();
  expect(() => freezeEncoder(encoder, ['conv9'])).toThrow(
    expect.objectContaining({ remedy: 'Use one of: conv1, conv2, conv3.' }),
  );
});
