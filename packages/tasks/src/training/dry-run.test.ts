import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { dryRun } from '@selfsup/kit/stage';
import { loadEncoder } from '@selfsup/models/encoder';
import { random } from '../pretext/random/random.ts';
import { rotnet } from '../pretext/rotnet/rotnet.ts';
import { generatedDataset } from '../testing/generated-dataset.ts';
import { trainingContext } from '../testing/training-context.ts';
import { rehearseOn } from './dry-run.ts';

const root = mkdtempSync(join(tmpdir(), 'dry-run-'));
afterAll(() => rmSync(root, { recursive: true }));

test('takes two steps, tells what the whole would be, and gives a checkpoint that can be probed', async () => {
  const table = [
    { until: 60, learningRate: 0.1 },
    { until: 200, learningRate: 0.02 },
  ];
  const changes = { epochs: 200, schedule: { name: 'steps', table } };
  const context = trainingContext(rotnet, join(root, 'rotnet'), changes, { extent: dryRun });
  const result = await rehearseOn(generatedDataset(), rotnet, context);
  const told = context.progress.lines.join('\n');
  expect(told).toContain('Parameters: 2,472');
  expect(told).toMatch(/Step 2: loss \d/);
  expect(told).not.toMatch(/Step 3/);
  expect(told).toContain('Learning rate at epoch 1: 0.100');
  expect(told).toContain('Learning rate at epoch 61: 0.0200');
  expect(told).toMatch(/Estimated time: .* for 1200 steps/);
  expect(told).toContain('found equal');
  expect((await loadEncoder(result.blobs!['checkpoint']!)).description.step).toBe(2);
  expect(result.metrics).toEqual([]);
  expect(readdirSync(join(root, 'rotnet'))).toEqual(['outputs']);
});

test('works for a task that does not train', async () => {
  const context = trainingContext(random, join(root, 'random'), {}, { extent: dryRun });
  await rehearseOn(generatedDataset(), random, context);
  expect(context.progress.lines).toEqual(['Parameters: 2,436', 'Checkpoints written, read back and found equal']);
});
