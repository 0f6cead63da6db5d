import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tf } from '@selfsup/engine/tensorflow';
import { UserError } from '@selfsup/kit/errors';
import { sha256File } from '@selfsup/kit/files';
import { metricValues } from '@selfsup/kit/metric';
import type { StageResult } from '@selfsup/kit/stage';
import { loadEncoder } from '@selfsup/models/encoder';
import { configureNetwork } from '@selfsup/models/network';
import { optimizerSchema } from '@selfsup/models/optimizers/config';
import { decodeReference, decodeReferences } from '@selfsup/models/testing/reference';
import { assignVariables, modelWeights } from '@selfsup/models/weights';
import { figureData } from '@selfsup/report/testing/figure-data';
import { ParameterGroups } from '@selfsup/trainer/parameter-groups';
import { takeStep } from '@selfsup/trainer/step';
import type { TaskContext } from '../../task.ts';
import { generatedDataset } from '../../testing/generated-dataset.ts';
import { trainingContext } from '../../testing/training-context.ts';
import { trainOn } from '../../training/run-training.ts';
import type { JigsawConfig } from './config.ts';
import stage, { jigsaw } from './jigsaw.ts';
import { readPermutations } from './permutation-files.ts';
import { createJigsaw } from './run.ts';

const root = mkdtempSync(join(tmpdir(), 'jigsaw-'));
afterAll(() => rmSync(root, { recursive: true }));

const head = { fc6: 12, fc7: 32, dropout: 0.1, start: 'pytorch' };
/** Three orders that tell apart in which row of tiles the bright bar lies. */
const rows = [
  [0, 1, 2, 3, 4, 5, 6, 7, 8],
  [3, 4, 5, 0, 1, 2, 6, 7, 8],
  [6, 7, 8, 3, 4, 5, 0, 1, 2],
];
const changes = {
  network: { name: 'nin', blocks: 1, width: 8 },
  data: { workers: 0, augment: {} },
  task: { geometry: { cell: 5, tile: 4 }, permutations: { rows }, head },
  epochs: 10,
};

interface Trial {
  readonly config?: object;
  /** Called after each step with the steps done in this run. */
  readonly afterStep?: (step: number) => void;
}

async function train(folder: string, { config = {}, afterStep }: Trial = {}) {
  const context = trainingContext(jigsaw, join(root, folder), { ...changes, ...config });
  let steps = 0;
  context.progress.phase = () => ({ advance: () => afterStep?.(++steps), done: () => undefined });
  const result = await trainOn(generatedDataset(), jigsaw, context);
  return { result, lines: context.progress.lines };
}

async function digests(result: StageResult): Promise<Record<string, string>> {
  const all = Object.entries({ ...result.blobs, ...result.files });
  return Object.fromEntries(
    await Promise.all(all.map(async ([name, path]) => [name, await sha256File(path)] as const)),
  );
}

test('two training steps are those of PyTorch', async () => {
  const reference = JSON.parse(readFileSync(new URL('jigsaw.reference.json', import.meta.url), 'utf8'));
  const network = await configureNetwork({ name: 'nin', blocks: 1, width: 8 });
  const input = { height: 24, width: 24, channels: 3 };
  const task = {
    geometry: { cell: 8, tile: 8 },
    permutations: { rows: reference.orders },
    head: { fc6: 6, fc7: 10, dropout: 0, start: 'pytorch' },
  };
  const instance = await createJigsaw({
    config: stage.schema.parse({ network: { name: 'nin' }, epochs: 1, task }).task,
    input,
    buildEncoder: (shape = input) => network.build(shape, [1, 2]),
    key: () => [3, 4],
  } as unknown as TaskContext<JigsawConfig>);
  for (const [name, model] of Object.entries(instance.models)) {
    assignVariables(modelWeights(name, model), decodeReferences(reference.before[name], `${name}/`));
  }
  const groups = new ParameterGroups(optimizerSchema.parse({ name: 'sgd' }), instance.parameterGroups);
  const images = decodeReference(reference.images).data as Uint8Array;
  const batch = { images, shape: [5, 24, 24, 3], labels: new Int32Array(5), indices: new Uint32Array(5) };
  for (const step of [0, 1]) {
    const position = { epoch: 0, step, key: [0, step] as const };
    const { values, samples } = takeStep(instance, groups, batch as never, position, 0.1);
    expect(samples).toBe(5);
    expect(values['loss']).toBeCloseTo(reference.losses[step], 4);
  }
  const ours = new Map(
    Object.entries(instance.models).flatMap(([name, model]) =>
      modelWeights(name, model).map((one) => [one.name, one.variable] as const),
    ),
  );
  for (const [name, expected] of Object.entries(reference.after)) {
    const { shape, data } = decodeReference(expected as never);
    const difference = tf.tidy(
      () =>
        ours
          .get(name)!
          .sub(tf.tensor(data, [...shape]))
          .abs()
          .max()
          .dataSync()[0],
    );
    expect(difference, name).toBeLessThan(1e-4);
  }
});

describe('a training on generated images', () => {
  let whole: StageResult;
  let expected: Record<string, string>;
  beforeAll(async () => {
    whole = (await train('whole')).result;
    expected = await digests(whole);
  });

  test('learns to solve the puzzles, and publishes what the report needs', async () => {
    // Chance is 33 %; where a tile's place hides the bar from all three tiles, nobody can tell.
    expect(metricValues(whole.metrics)['pretext/puzzle-accuracy']).toBeGreaterThan(70);
    const { pictures } = figureData(whole, 'pictures');
    expect(pictures).toHaveLength(9);
    expect(['1 2 3 4 5 6 7 8 9', '4 5 6 1 2 3 7 8 9', '7 8 9 4 5 6 1 2 3']).toContain(pictures[0]!.facts!['actual']);
    const png = tf.node.decodePng(pictures[0]!.image, 4) as tf.Tensor3D;
    expect(png.shape).toEqual([15, 3 * 15 + 2 * 3, 4]);
    expect(readPermutations(whole.files!['permutations.npy']!)).toEqual(rows);
    expect(readPermutations(whole.files!['permutations.bin']!)).toEqual(rows);
  });

  test('its checkpoint rebuilds an encoder of whole images with the weights that the tiles trained', async () => {
    const loaded = await loadEncoder(whole.blobs!['checkpoint']!);
    expect(loaded.input).toEqual({ height: 16, width: 16, channels: 3 });
    expect(loaded.description).toMatchObject({ task: 'jigsaw', step: 60, batchNormStatistics: 'joint' });
    const untrained = await train('untrained', { config: { epochs: 0 } });
    const { tensors } = await loadEncoder(untrained.result.blobs!['checkpoint']!);
    for (const name of ['encoder/block1_conv1/kernel', 'encoder/block1_bn1/moving_mean']) {
      expect(loaded.tensors.get(name)!.data).not.toEqual(tensors.get(name)!.data);
    }
    const names = [...loaded.tensors.keys()].filter((name) => !name.startsWith('encoder/'));
    expect(names.sort()).toEqual([
      'head/fc7/bias',
      'head/fc7/kernel',
      'head/fc8/bias',
      'head/fc8/kernel',
      'tile/fc6/bias',
      'tile/fc6/kernel',
    ]);
    expect(loaded.tensors.get('head/fc7/kernel')!.shape).toEqual([108, 32]);
  });

  test('has the same bits again, and after crashes between checkpoints', async () => {
    expect(await digests((await train('again')).result)).toEqual(expected);
    const crash = (at: number) => (step: number) => {
      if (step === at) throw new Error('crash');
    };
    const config = { checkpoint: { everySeconds: 1000, everyEpochs: 1 } };
    await expect(train('crash', { config, afterStep: crash(9) })).rejects.toThrow('crash');
    await expect(train('crash', { config, afterStep: crash(23) })).rejects.toThrow('crash');
    const { result, lines } = await train('crash', { config });
    expect(lines[0]).toBe('Going on from step 24 of 60');
    expect(await digests(result)).toEqual(expected);
  });

  test('is measured on the first test images only where so wanted', async () => {
    const task = { ...changes.task, testImages: 7 };
    const { result } = await train('few', { config: { task, epochs: 1 } });
    const right = (metricValues(result.metrics)['pretext/puzzle-accuracy']! * 7) / 100;
    expect(right).toBeCloseTo(Math.round(right), 9);
  });
});

test('the small Context-Free Network learns from its own fc6 and from the stage’s normalisation', async () => {
  const network = { name: 'cfn', widthMultiplier: 0.05, fullyConnected: 8 };
  const task = {
    geometry: { cell: 70, tile: 64 },
    permutations: { count: 3 },
    tileNormalisation: 'dataset',
    colourShift: 2,
    head: { fc7: 16 },
  };
  const config = { network, data: { workers: 0, augment: {} }, task, epochs: 1, batchSize: 2 };
  const context = trainingContext(jigsaw, join(root, 'cfn'), config);
  const result = await trainOn(generatedDataset(212, { train: 4, test: 2 }), jigsaw, context);
  expect(metricValues(result.metrics)['pretext/loss']).toBeLessThan(2);
  const { tensors, input } = await loadEncoder(result.blobs!['checkpoint']!);
  expect(input.height).toBe(212);
  // 3 × 3 × 12 channels of pool5 of a tile, whatever the size of the whole image.
  expect(tensors.get('tile/fc6_linear/kernel')!.shape).toEqual([108, 8]);
  expect(tensors.get('head/fc7/kernel')!.shape).toEqual([72, 16]);
});

test.each([
  [{ permutations: { count: 0 } }, 'permutations.count', /at least one/],
  [{ permutations: { count: 400_000 } }, 'permutations.count', /only 362880/],
  [{ permutations: { rows: [[1, 2, 3, 4, 5, 6, 7, 8, 8]] } }, 'permutations.rows', /Row 1 .* no permutation/],
  [{ permutations: { rows: [] } }, 'permutations.rows', /at least one/],
  [{ permutations: { file: 'a.bin', sha256: 'abc' } }, 'permutations.sha256', /64 hexadecimal/],
  [{ permutations: { count: 10, rule: 'max' } }, 'permutations.rule', /max-average/],
  [{ geometry: { cell: 60, tile: 64 } }, 'geometry.tile', /larger than its cell/],
  [{ geometry: { cell: 60, tile: 0 } }, 'geometry.tile', /./],
  [{ colourShift: -1 }, 'colourShift', /./],
  [{ head: { dropout: 1 } }, 'head.dropout', /./],
  [{ tiles: 9 }, '', /tiles/],
])('refuses the task %j, naming the field', (task, field, why) => {
  const parsed = stage.schema.safeParse({ network: { name: 'nin' }, epochs: 1, task });
  const issues = parsed.error!.issues.flatMap((issue) =>
    issue.code === 'invalid_union'
      ? issue.errors.flat().map((one) => ({ path: [...issue.path, ...one.path], message: one.message }))
      : [issue],
  );
  const found = issues.find((issue) => issue.path.join('.') === ['task', field].filter(Boolean).join('.'));
  expect(found?.message).toMatch(why);
});

test('refuses images that are smaller than the window, at once', async () => {
  const small = train('window', { config: { task: { ...changes.task, geometry: 'small' } } });
  await expect(small).rejects.toBeInstanceOf(UserError);
  await expect(small).rejects.toMatchObject({ field: 'task.geometry', message: /30 pixels .* 16 × 16/ });
});

test('refuses crops that are smaller than the window before there are images', () => {
  const issuesOf = (geometry: string, randomCrop: number) => {
    const data = { augment: { resize: 256, randomCrop } };
    const parsed = stage.schema.safeParse({ network: { name: 'cfn' }, epochs: 1, data, task: { geometry } });
    return parsed.error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  };
  expect(issuesOf('released', 227)).toEqual([
    'task.geometry: a window of 255 pixels does not fit crops of 227 (data.augment)',
  ]);
  expect(issuesOf('paper', 227)).toBeUndefined();
  expect(issuesOf('released', 255)).toBeUndefined();
});

test('without settings, it is the paper’s puzzle', () => {
  const config = stage.schema.parse({ network: { name: 'cfn' }, epochs: 1 });
  expect(config.task).toEqual({
    geometry: 'paper',
    permutations: { count: 1000, rule: 'max-average', seed: 0 },
    tileNormalisation: 'tile',
    colourShift: 0,
    head: { fc7: 4096, dropout: 0.5, start: 'gaussian' },
  });
});
