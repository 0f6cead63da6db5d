import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { loadEncoder } from '@selfsup/models/encoder';
import { generatedDataset } from '../../testing/generated-dataset.ts';
import { trainingContext } from '../../testing/training-context.ts';
import { trainOn } from '../../training/run-training.ts';
import { rotnet } from '../rotnet/rotnet.ts';
import { random } from './random.ts';

const folder = mkdtempSync(join(tmpdir(), 'random-'));
afterAll(() => rmSync(folder, { recursive: true }));

const encoderOf = async (task: typeof random | typeof rotnet, name: string, changes: object, seed = 1) => {
  const context = { ...trainingContext(task as typeof random, join(folder, name), { ...changes }), seed };
  const result = await trainOn(generatedDataset(), task as typeof random, context);
  return { result, encoder: await loadEncoder(result.blobs!['checkpoint']!) };
};

test('gives the weights with which a task of the same seed begins, with the config of that task', async () => {
  const task = { quarterTurns: [0, 1, 2, 3] };
  const { result, encoder } = await encoderOf(random, 'a', { task, epochs: 7 });
  const start = await encoderOf(rotnet, 'b', { task, epochs: 0 });
  expect(result.metrics).toEqual([]);
  expect(encoder.description).toMatchObject({ task: 'random', step: 0, epoch: 0 });
  const kernel = 'encoder/block2_conv1/kernel';
  expect(encoder.tensors.get(kernel)).toEqual(start.encoder.tensors.get(kernel));
  const other = await encoderOf(random, 'c', { task }, 2);
  expect(other.encoder.tensors.get(kernel)).not.toEqual(encoder.tensors.get(kernel));
});

test('fewer images than a batch do, since nothing is trained', async () => {
  const { result } = await encoderOf(random, 'few', { data: { workers: 0, subset: { first: 3 } }, batchSize: 128 });
  expect(Object.keys(result.blobs!)).toEqual(['checkpoint']);
});
