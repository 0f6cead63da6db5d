import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { metricValues } from '@selfsup/kit/metric';
import { figureData } from '@selfsup/report/testing/figure-data';
import { generatedDataset } from '../../testing/generated-dataset.ts';
import { trainingContext } from '../../testing/training-context.ts';
import { trainOn } from '../../training/run-training.ts';
import { supervised } from './supervised.ts';

const folder = mkdtempSync(join(tmpdir(), 'supervised-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('learns the classes of generated images', async () => {
  const result = await trainOn(generatedDataset(), supervised, trainingContext(supervised, folder, { epochs: 8 }));
  expect(metricValues(result.metrics)['supervised/top1']).toBeGreaterThan(90);
  expect(metricValues(result.metrics)['supervised/top1-best']).toBeGreaterThanOrEqual(
    metricValues(result.metrics)['supervised/top1']!,
  );
  const { pictures } = figureData(result, 'pictures');
  expect(pictures[0]!.facts!['actual']).toMatch(/^(red|green|blue)$/);
});

test('refuses a dataset without classes', async () => {
  const dataset = generatedDataset();
  const unlabelled = { ...dataset, manifest: { ...dataset.manifest, classes: [] } };
  await expect(trainOn(unlabelled, supervised, trainingContext(supervised, folder))).rejects.toThrow(/no labels/);
});
