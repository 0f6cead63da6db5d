import { expect, test } from 'vitest';
import type { tf } from '@selfsup/engine/tensorflow';
import { parameterCount } from '../../checkpoint/weights.ts';
import { differencesFromReference, readReferences } from '../../testing/network-reference.ts';
import alexnetSmall from './alexnet-small.ts';

const build = (config: object, side = 32): tf.LayersModel =>
  alexnetSmall.build(alexnetSmall.schema.parse(config), { height: side, width: side, channels: 3 }, [1, 0]);

test('parameters, layer by layer', () => {
  const encoder = build({});
  const byLayers =
    5 * 5 * 3 * 64 +
    2 * 64 + //        conv1    4,928
    5 * 5 * 64 * 192 +
    2 * 192 + //     conv2  307,584
    3 * 3 * 192 * 384 +
    2 * 384 + //    conv3  664,320
    3 * 3 * 384 * 256 +
    2 * 256 + //    conv4  885,248
    3 * 3 * 256 * 256 +
    2 * 256; //     conv5  590,336
  expect(byLayers).toBe(2_452_416);
  expect(parameterCount(encoder)).toBe(byLayers);
  encoder.dispose();
});

test('probe points are before pooling', () => {
  const encoder = build({ width: 4 });
  const points = alexnetSmall.probePoints(alexnetSmall.schema.parse({}));
  const shapes = [...points, 'pool5'].map((name) => (encoder.getLayer(name).outputShape as number[]).slice(1));
  expect(shapes).toEqual([
    [32, 32, 4],
    [16, 16, 12],
    [8, 8, 24],
    [8, 8, 16],
    [8, 8, 16],
    [4, 4, 16],
  ]);
  encoder.dispose();
});

test("gives PyTorch's features with the same weights", async () => {
  const [reference] = readReferences('alexnet-small', import.meta.url);
  const differences = await differencesFromReference('alexnet-small', reference!);
  expect(Object.keys(differences)).toHaveLength(6);
  for (const [name, value] of Object.entries(differences)) expect(value, name).toBeLessThan(1e-4);
});

test('takes puzzle tiles of 8 pixels, not fewer, and no unknown keys', () => {
  const encoder = build({ width: 4 }, 8);
  expect(encoder.outputShape).toEqual([null, 1, 1, 16]);
  encoder.dispose();
  expect(() => build({}, 7)).toThrow(/'alexnet-small' takes images of at least 8 × 8 pixels, not 7 × 7/);
  expect(alexnetSmall.schema.safeParse({ blocks: 3 }).success).toBe(false);
});
