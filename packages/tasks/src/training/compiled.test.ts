import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, test } from 'vitest';
import { compiledSize, compileSteps } from '@selfsup/engine/compiled-step';
import { sha256File } from '@selfsup/kit/files';
import { aed } from '../pretext/aed/aed.ts';
import { aet } from '../pretext/aet/aet.ts';
import { bigan } from '../pretext/bigan/bigan.ts';
import { deepcluster } from '../pretext/deepcluster/deepcluster.ts';
import { jigsaw } from '../pretext/jigsaw/jigsaw.ts';
import { latentRegressor } from '../pretext/latent-regressor/latent-regressor.ts';
import { rotnet } from '../pretext/rotnet/rotnet.ts';
import { supervised } from '../pretext/supervised/supervised.ts';
import { transformGenerator } from '../pretext/transform-generator/transform-generator.ts';
import type { Task } from '../task.ts';
import { generatedDataset } from '../testing/generated-dataset.ts';
import { digestsOf } from '../testing/interruption.ts';
import { trainingContext } from '../testing/training-context.ts';
import { trainOn } from './run-training.ts';

const root = mkdtempSync(join(tmpdir(), 'compiled-'));
afterAll(() => rmSync(root, { recursive: true }));
afterEach(() => void compileSteps(true));

const adam = { optimizer: { name: 'adam' }, schedule: { name: 'constant', learningRate: 1e-3 } };
const game = {
  network: { name: 'bigan-mlp', width: 16 },
  data: { workers: 0, augment: {} },
  task: { latent: 4, statisticsBatches: 2, measured: { train: 100, test: 16, generated: 100 } },
  ...adam,
};
const network = { name: 'nin', blocks: 3, width: 4 };
const STOP = 20;

/** Trains for 54 steps, asked to stop after 20 and going on; gives digests of what it left then and at its end. */
async function train<Config>(task: Task<Config>, { size = 8, ...changes }: { size?: number }, folder: string) {
  const config = { network, evaluate: { everyEpochs: 2 }, checkpoint: { everySeconds: 1000 }, ...changes };
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

test.each<[string, Task<never>, object]>([
  ['rotnet', rotnet as never, {}],
  ['supervised', supervised as never, { size: 16, network: { name: 'alexnet-small', width: 4 } }],
  ['aed', aed as never, { task: { width: 4 }, ...adam }],
  ['aet', aet as never, { task: { transformation: 'projective' } }],
  ['transform-generator', transformGenerator as never, { task: { codeSize: 4, width: 4 }, ...adam }],
  ['deepcluster', deepcluster as never, { task: { clusters: 4, pca: 4 } }],
  ['jigsaw', jigsaw as never, { task: { geometry: { cell: 2, tile: 2 }, permutations: { count: 4 } } }],
  ['bigan', bigan as never, game],
  ['latent-regressor', latentRegressor as never, game],
])(
  '%s ends with the bits of eager execution: weights, moments, losses, what is published',
  async (name, task, changes) => {
    compileSteps(true);
    const { functions } = compiledSize();
    const compiled = await train(task, changes, `${name}-compiled`);
    expect(compiledSize().functions).toBeGreaterThan(functions);
    compileSteps(false);
    expect(await train(task, changes, `${name}-eager`)).toEqual(compiled);
  },
);
