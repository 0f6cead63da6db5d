import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { StageInput } from '@selfsup/kit/stage';
import { loadEncoder } from '@selfsup/models/encoder';
import { kmeansInit } from '../pretext/kmeans-init/kmeans-init.ts';
import { rotnet } from '../pretext/rotnet/rotnet.ts';
import { generatedDataset } from '../testing/generated-dataset.ts';
import { interrupted } from '../testing/interruption.ts';
import { trainingContext } from '../testing/training-context.ts';
import { trainOn } from './run-training.ts';

const folder = mkdtempSync(join(tmpdir(), 'initial-weights-'));
afterAll(() => rmSync(folder, { recursive: true }));

const dataset = generatedDataset();
let init: StageInput;

const trained = async (name: string, changes: object, needs = {}): Promise<string> =>
  (await trainOn(dataset, rotnet, trainingContext(rotnet, join(folder, name), { ...changes }, { needs }))).blobs![
    'checkpoint'
  ]!;

/** Weights of the encoder, and no others. */
async function weightsOf(checkpoint: string): Promise<Record<string, number[]>> {
  const { tensors, model } = await loadEncoder(checkpoint);
  model.dispose();
  return Object.fromEntries(
    [...tensors].filter(([name]) => name.startsWith('encoder/')).map(([name, { data }]) => [name, [...data]]),
  );
}

beforeAll(async () => {
  const context = trainingContext(kmeansInit, join(folder, 'init'), { epochs: 0, task: { patches: 300 } });
  const { blobs } = await trainOn(dataset, kmeansInit, context);
  init = { ref: 'init', folder, blob: () => blobs!['checkpoint']!, metrics: [] };
});

test('pretraining begins with the weights and statistics of the stage before it', async () => {
  const from = await weightsOf(init.blob('checkpoint'));
  expect(await weightsOf(await trained('none', { epochs: 0 }, { init }))).toEqual(from);
  expect(await weightsOf(await trained('random', { epochs: 0 }))).not.toEqual(from);
  // A step of rate r and gradient g leaves w − r·g: for a tiny rate all weights are near those it began with.
  const step = {
    epochs: 1,
    optimizer: { name: 'sgd', momentum: 0 },
    schedule: { name: 'constant', learningRate: 1e-6 },
  };
  const after = await weightsOf(await trained('step', step, { init }));
  let moved = 0;
  for (const [name, values] of Object.entries(after)) {
    if (name.includes('moving_')) continue;
    values.forEach((value, i) => {
      expect(Math.abs(value - from[name]![i]!)).toBeLessThan(1e-3);
      if (value !== from[name]![i]) moved += 1;
    });
  }
  expect(moved).toBeGreaterThan(100);
});

test('an interrupted training that began so ends with the same bits', async () => {
  const { whole, again, resumed, crashed } = await interrupted(
    { task: rotnet, dataset, config: {}, needs: { init } },
    join(folder, 'interrupted'),
    [3, 4],
  );
  expect(crashed).toBe(2);
  expect(again).toEqual(whole);
  expect(resumed).toEqual(whole);
});

test('other initial weights are another training: nothing of an interrupted one is taken over', async () => {
  const apart = { epochs: 1 };
  const alone = await weightsOf(await trained('shared', apart));
  const begun = await weightsOf(await trained('shared', apart, { init }));
  expect(begun).not.toEqual(alone);
  expect(begun).toEqual(await weightsOf(await trained('fresh', apart, { init })));
});

test('weights of another network are refused by the name of the first that does not fit', async () => {
  const other = (network: object) =>
    trained(`other-${JSON.stringify(network).length}`, { epochs: 1, network }, { init });
  await expect(other({ name: 'nin', blocks: 3, width: 4 })).rejects.toThrow(
    /another architecture: encoder\/block1_conv1.*should have shape/,
  );
  await expect(other({ name: 'nin', blocks: 2, width: 8 })).rejects.toThrow(
    /another architecture: 'nin' has no encoder\/block3/,
  );
});
