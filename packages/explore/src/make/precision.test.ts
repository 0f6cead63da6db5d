import { expect, test } from 'vitest';
import { integer, randomKey } from '@selfsup/kit/random';
import { temporaryFolder } from '@selfsup/kit/testing/temporary-folder';
import rotnet from '../panels/rotnet/rotnet.ts';
import { rotationNetwork } from '../testing/rotation-network.ts';
import { gatherNetwork } from './gather-network.ts';
import { choosePrecision, weightBytes } from './precision.ts';

const folder = temporaryFolder('precision');
const count = 20;
const size = 16 * 16 * 3;
/** Noise of five strengths. */
const pixels = Float32Array.from(
  { length: count * size },
  (_, i) => (integer(randomKey(9), 256, i) * (Math.floor(i / size) % 5)) / 5,
);

test('weights are halved where that changes no probability by a tenth of a point', async () => {
  const network = await gatherNetwork({ label: 'dull', checkpoint: await rotationNetwork(folder, 'dull', 1) }, [], {});
  const { precision, points } = await choosePrecision(network, [rotnet], pixels, count);
  expect(points).toBeGreaterThan(0);
  expect(points).toBeLessThan(0.1);
  expect(precision).toBe('float16');
});

test('they stay as they are where it does, and where float16 cannot hold them', async () => {
  const sharp = await gatherNetwork(
    { label: 'sharp', checkpoint: await rotationNetwork(folder, 'sharp', 300) },
    [],
    {},
  );
  const chosen = await choosePrecision(sharp, [rotnet], pixels, count);
  expect(chosen.points).toBeGreaterThan(0.1);
  expect(chosen.precision).toBe('float32');
  const huge = await gatherNetwork({ label: 'huge', checkpoint: await rotationNetwork(folder, 'huge', 1e7) }, [], {});
  expect((await choosePrecision(huge, [rotnet], pixels, count)).precision).toBe('float32');
});

test('bytes are those of the tensors in their order', () => {
  const tensors = new Map([
    ['b', { shape: [2], data: Float32Array.of(1, -2) }],
    ['a', { shape: [1], data: Float32Array.of(0.5) }],
  ]);
  const of = (precision: 'float16' | 'float32'): ArrayBuffer => new Uint8Array(weightBytes(tensors, precision)).buffer;
  expect([...new Uint16Array(of('float16'))]).toEqual([0x3c00, 0xc000, 0x3800]);
  expect([...new Float32Array(of('float32'))]).toEqual([1, -2, 0.5]);
});
