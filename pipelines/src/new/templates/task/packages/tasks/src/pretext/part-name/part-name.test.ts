import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { tf } from '@selfsup/engine/tensorflow';
import { metricValues } from '@selfsup/kit/metric';
import { figureData } from '@selfsup/report/testing/figure-data';
import { generatedDataset } from '../../testing/generated-dataset.ts';
import { trainingContext } from '../../testing/training-context.ts';
import { trainOn } from '../../training/run-training.ts';
import stage, { partNameTask } from './part-name.ts';
import { upsideDown } from './run.ts';

const folder = mkdtempSync(join(tmpdir(), 'part-name-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('PartName: rows change places, columns and channels do not', () => {
  // Two rows of one pixel each, with three channels.
  const image = tf.tensor4d([1, 2, 3, 4, 5, 6], [1, 2, 1, 3]);
  expect([...upsideDown(image).dataSync()]).toEqual([4, 5, 6, 1, 2, 3]);
});

test('PartName learns which generated images are upside down', async () => {
  const result = await trainOn(generatedDataset(), partNameTask, trainingContext(partNameTask, folder, { epochs: 6 }));
  expect(metricValues(result.metrics)['pretext/flip-accuracy']).toBeGreaterThan(90);
  const { pictures } = figureData(result, 'pictures');
  expect(pictures).toHaveLength(12);
});

test('PartName refuses settings that it does not know', () => {
  const config = { network: { name: 'nin' }, epochs: 1, task: { unknown: 1 } };
  expect(stage.schema.safeParse(config).success).toBe(false);
});
