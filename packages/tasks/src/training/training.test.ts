import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { tf } from '@selfsup/engine/tensorflow';
import { metricValues } from '@selfsup/kit/metric';
import { modelWeights } from '@selfsup/models/weights';
import { figureData } from '@selfsup/report/testing/figure-data';
import { gradientsOf } from '@selfsup/trainer/gradients';
import { rotnet } from '../pretext/rotnet/rotnet.ts';
import type { Task, TaskInstance } from '../task.ts';
import { generatedDataset } from '../testing/generated-dataset.ts';
import { trainingContext } from '../testing/training-context.ts';
import { trainOn } from './run-training.ts';

const root = mkdtempSync(join(tmpdir(), 'training-'));
afterAll(() => rmSync(root, { recursive: true }));

/** A task that pulls the encoder's batch norm gains down, with whatever else a test wants. */
function toy(change: (instance: TaskInstance) => Partial<TaskInstance> = () => ({})): Task<object> {
  return {
    name: 'toy',
    schema: z.strictObject({}),
    quantities: {},
    metricGroup: 'pretext',
    batchNormStatistics: 'joint',
    create: async (context) => {
      const encoder = context.buildEncoder();
      const gains = modelWeights('encoder', encoder, true).filter(({ name }) => name.endsWith('gamma'));
      const instance: TaskInstance = {
        models: { encoder },
        parameterGroups: [{ name: 'gains', variables: gains }],
        measures: {},
        step: () => {
          const { loss, gradients } = gradientsOf(gains, () => ({
            loss: tf.addN(gains.map(({ variable }) => variable.square().sum())).asScalar(),
          }));
          return { losses: { loss }, gradients, samples: 1 };
        },
      };
      return { ...instance, ...change(instance) };
    },
  };
}

const plain = { optimizer: { name: 'sgd', momentum: 0, nesterov: false, weightDecay: 0 } };
const train = (name: string, task: Task<object>, changes: object = {}) => {
  const context = trainingContext(task, join(root, name), { ...plain, ...changes });
  return { context, outcome: trainOn(generatedDataset(), task, context) };
};

describe('the training loop', () => {
  test('a loss that is not finite stops it, naming step, terms and the last good checkpoint', async () => {
    let steps = 0;
    const task = toy((instance) => ({
      step: (batch, context) => {
        const outcome = instance.step(batch, context);
        const penalty = tf.scalar(++steps === 9 ? NaN : 1);
        return { ...outcome, losses: { ...outcome.losses, penalty } };
      },
    }));
    const { outcome } = train('nan', task);
    await expect(outcome).rejects.toMatchObject({
      name: 'UserError',
      message: expect.stringMatching(/diverged at step 9 \(epoch 2\): loss = [\d.]+, penalty = NaN/),
      file: join(root, 'nan', 'live', 'step-000000006.safetensors'),
      remedy: expect.stringContaining('learning rate'),
    });
    // What is saved is still good: without the NaN it goes on from there.
    const { context, outcome: second } = train('nan', toy());
    await second;
    expect(context.progress.lines[0]).toBe('Going on from step 6 of 12');
  });

  test('weights that are no longer finite are not saved', async () => {
    const task = toy((instance) => ({
      step: (batch, context) => {
        const outcome = instance.step(batch, context);
        const name = Object.keys(outcome.gradients)[0]!;
        const gradients = { ...outcome.gradients, [name]: outcome.gradients[name]!.mul(context.step === 5 ? NaN : 1) };
        return { losses: { loss: tf.scalar(1) }, gradients, samples: 1 };
      },
    }));
    const { outcome } = train('nan-weights', task);
    await expect(outcome).rejects.toThrow(
      /diverged at step 6 \(epoch 1\): encoder\/block1_bn1\/gamma is no longer finite, loss = 1$/,
    );
    expect(existsSync(join(root, 'nan-weights', 'live'))).toBe(false);
  });

  test('each parameter group has its own optimiser, and an epoch plan can make one forget', async () => {
    const rates: number[] = [];
    const task = toy((instance) => {
      const [first, ...rest] = instance.parameterGroups[0]!.variables;
      return {
        parameterGroups: [
          { name: 'first', variables: [first!], optimizer: { momentum: 0.9 } },
          { name: 'rest', variables: rest },
        ],
        beforeEpoch: async () => ({ resetGroups: ['first'] }),
        step: (batch, context) => {
          rates.push(first!.variable.dataSync()[0]!);
          return instance.step(batch, context);
        },
      };
    });
    await train('groups', task, { schedule: { name: 'constant', learningRate: 0.01 }, batchSize: 48 }).outcome;
    // Gradient 2w, momentum 0.9, reset after each epoch of two steps.
    const expected = [1];
    let buffer = 0;
    for (let step = 0; step < 3; step++) {
      if (step === 2) buffer = 0;
      buffer = 0.9 * buffer + 2 * expected.at(-1)!;
      expected.push(expected.at(-1)! - 0.01 * buffer);
    }
    rates.forEach((rate, index) => expect(rate).toBeCloseTo(expected[index]!, 6));
    expect(rates).toHaveLength(4);
  });

  test('an epoch plan chooses the images, also after an interruption', async () => {
    const seen: number[][] = [];
    const stop = new AbortController();
    const task = toy((instance) => ({
      beforeEpoch: async (epoch) => ({ indices: Uint32Array.of(epoch, epoch + 10) }),
      step: (batch, context) => {
        seen.push([...new Set(batch.indices)].sort((a, b) => a - b));
        if (seen.length === 8) stop.abort();
        return instance.step(batch, context);
      },
    }));
    const context = trainingContext(task, join(root, 'plan'), plain, { signal: stop.signal });
    await expect(trainOn(generatedDataset(), task, context)).rejects.toThrow('step 8');
    await train('plan', task).outcome;
    expect(seen).toEqual([...new Array(6).fill([0, 10]), ...new Array(6).fill([1, 11])]);
  });

  test('the state of a task outlives an interruption', async () => {
    const stop = new AbortController();
    let count = 0;
    const task = toy((instance) => ({
      step: (batch, context) => {
        count += 1;
        if (count === 7) stop.abort();
        return instance.step(batch, context);
      },
      state: {
        save: () => ({
          tensors: new Map([['sum', { shape: [1], data: Float32Array.of(count * 2) }]]),
          json: { count },
        }),
        load: (tensors, json) => {
          count = (json as { count: number }).count;
          expect(tensors.get('sum')!.data[0]).toBe(2 * count);
        },
      },
    }));
    const context = trainingContext(task, join(root, 'state'), plain, { signal: stop.signal });
    await expect(trainOn(generatedDataset(), task, context)).rejects.toThrow('step 7');
    count = -100;
    await train('state', task).outcome;
    expect(count).toBe(12);
  });

  test('final and best are kept apart', async () => {
    const values = [50, 70, 60];
    const task = toy(() => ({
      measures: { accuracy: 'max', error: 'min' },
      evaluate: async () => {
        const accuracy = values.shift()!;
        return { accuracy, error: 100 - accuracy };
      },
    }));
    const result = await train('best', task, { epochs: 3 }).outcome;
    expect(metricValues(result.metrics)).toMatchObject({
      'pretext/accuracy': 60,
      'pretext/accuracy-best': 70,
      'pretext/error': 40,
      'pretext/error-best': 30,
    });
  });

  test('evaluates at every n-th epoch and at the last', async () => {
    const task = toy(() => ({ measures: { accuracy: 'max' }, evaluate: async () => ({ accuracy: 1 }) }));
    const result = await train('every', task, { epochs: 5, evaluate: { everyEpochs: 2 } }).outcome;
    const { test: points } = figureData(result, 'curve');
    expect(points.map((point) => point['epoch'])).toEqual([2, 4, 5]);
  });

  test('keeps as many live checkpoints as the config says', async () => {
    await train('keep', toy(), { epochs: 5, checkpoint: { keep: 2 } }).outcome;
    expect(readdirSync(join(root, 'keep', 'live')).sort()).toEqual([
      'step-000000024.safetensors',
      'step-000000030.safetensors',
    ]);
  });

  test('no tensors pile up from step to step, evaluation and checkpoints included', async () => {
    const counts: number[] = [];
    const task: Task<object> = {
      ...rotnet,
      schema: z.strictObject({}),
      create: async (context) => {
        const instance = await rotnet.create({ ...context, config: { quarterTurns: [0, 1, 2, 3] } });
        const step: TaskInstance['step'] = (batch, position) => {
          counts.push(tf.memory().numTensors);
          return instance.step(batch, position);
        };
        return { ...instance, step };
      },
    };
    await train('leak', task, { epochs: 4, checkpoint: { everySeconds: 1e-6 } }).outcome;
    expect(counts).toHaveLength(24);
    expect(new Set(counts).size).toBe(1);
  });

  test.each([
    [{ batchSize: 97 }, 'batchSize'],
    [{ normalisation: { mean: [1], std: [1] } }, 'normalisation.mean'],
    [{ network: { name: 'nin', width: 'wide' } }, 'network.width'],
    [{ network: { name: 'lenet' } }, 'network.name'],
    [{ data: { workers: 0, subset: { first: 97 } } }, 'data.subset.first'],
    [{ data: { workers: 0, split: 'learn' } }, 'data.split'],
    [{ data: { workers: 0, samplesPerEpoch: 15 } }, 'batchSize'],
    [{ data: { workers: 0, plainView: { centreCrop: 8 } } }, 'data.plainView'],
  ])('refuses %j, naming the field', async (changes, field) => {
    await expect(train('bad', toy(), changes).outcome).rejects.toMatchObject({ name: 'UserError', field });
  });

  test('a split to test on that there is not is refused before the first step', async () => {
    const steps: number[] = [];
    const task = toy((instance) => ({
      evaluate: async () => ({}),
      step: (batch, position) => {
        steps.push(position.step);
        return instance.step(batch, position);
      },
    }));
    await expect(train('no-test', task, { data: { workers: 0, testSplit: 'val' } }).outcome).rejects.toMatchObject({
      message: "Dataset generated has no images in a split 'val'",
      field: 'data.testSplit',
      remedy: 'Use one of: train, test.',
    });
    expect(steps).toEqual([]);
  });
});
