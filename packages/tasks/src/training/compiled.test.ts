import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, test } from 'vitest';
import { compiledSize, compileSteps } from '@selfsup/engine/compiled-step';
import { sha256File } from '@selfsup/kit/files';
import type { Task } from '../task.ts';
import { generatedDataset } from '../testing/generated-dataset.ts';
import { digestsOf } from '../testing/interruption.ts';
import { sizes, trials } from '../testing/small-trainings.ts';
import { trainingContext } from '../testing/training-context.ts';
import { trainOn } from './run-training.ts';

const root = mkdtempSync(join(tmpdir(), 'compiled-'));
afterAll(() => rmSync(root, { recursive: true }));
afterEach(() => void compileSteps(true));

const STOP = 20;

/** Trains for 54 steps, asked to stop after 20 and going on; gives digests of what it left then and at its end. */
async function train<Config>(task: Task<Config>, changes: object, size: number, folder: string) {
  const config = { evaluate: { everyEpochs: 2 }, checkpoint: { everySeconds: 1000 }, ...changes };
  const begin = (signal?: AbortSignal) => trainingContext(task, join(root, folder), config, signal && { signal });
  const dataset = generatedDataset(size, { train: 27 * 16, test: 16 });
  const stop = new AbortController();
  const first = begin(stop.signal);
  let steps = 0;
  first.progress.phase = (phase) => ({
    advance: () => void (phase === 'training' && ++steps === STOP && stop.abort()),
    done: () => undefined,
  });
  await expect(trainOn(dataset, task, first)).rejects.toThrow(`saved at step ${STOP} of 54`);
  const live = join(root, folder, 'live');
  expect(first.progress.lines.filter((line) => line.includes('reads a value'))).toEqual([]);
  const saved = await sha256File(join(live, readdirSync(live).sort().at(-1)!));
  const result = await digestsOf(await trainOn(dataset, task, begin()));
  return { saved, ...result };
}

test.each(trials)(
  '%s ends with the bits of eager execution: weights, moments, losses, what is published',
  async (name, task, changes) => {
    const size = sizes[name] ?? 8;
    compileSteps(true);
    const { functions } = compiledSize();
    const compiled = await train(task, changes, size, `${name}-compiled`);
    expect(compiledSize().functions).toBeGreaterThan(functions);
    compileSteps(false);
    expect(await train(task, changes, size, `${name}-eager`)).toEqual(compiled);
  },
);
