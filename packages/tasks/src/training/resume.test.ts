import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sha256File } from '@selfsup/kit/files';
import { metricValues } from '@selfsup/kit/metric';
import { Interrupted, type StageResult } from '@selfsup/kit/stage';
import { readCheckpoint } from '@selfsup/models/checkpoint';
import { Curve } from '@selfsup/trainer/curve';
import { rotnet } from '../pretext/rotnet/rotnet.ts';
import { generatedDataset } from '../testing/generated-dataset.ts';
import { trainingContext } from '../testing/training-context.ts';
import { trainOn } from './run-training.ts';

const root = mkdtempSync(join(tmpdir(), 'resume-'));
afterAll(() => rmSync(root, { recursive: true }));
// 6 steps an epoch.
const changes = { epochs: 2, checkpoint: { everySeconds: 1e-6, keep: 3 } };

interface Trial {
  readonly folder: string;
  readonly seed?: number;
  /** Called after each step with the steps done in this run. */
  readonly afterStep?: (step: number, abort: () => void) => void;
  readonly config?: object;
}

async function train({ folder, seed = 1, afterStep, config = {} }: Trial) {
  const stop = new AbortController();
  const context = trainingContext(rotnet, join(root, folder), { ...changes, ...config }, { seed, signal: stop.signal });
  let steps = 0;
  context.progress.phase = () => ({ advance: () => afterStep?.(++steps, () => stop.abort()), done: () => undefined });
  const result = await trainOn(generatedDataset(), rotnet, context);
  return { result, lines: context.progress.lines };
}

/** Digests of everything that a training publishes. */
async function digests(result: StageResult): Promise<Record<string, string>> {
  const all = Object.entries({ ...result.blobs, ...result.files });
  return Object.fromEntries(
    await Promise.all(all.map(async ([name, path]) => [name, await sha256File(path)] as const)),
  );
}

const metricsOf = (folder: string): { kind: string; step: number }[] =>
  readFileSync(join(root, folder, 'metrics.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('an interrupted training', () => {
  let whole: StageResult;
  let expected: Record<string, string>;
  beforeAll(async () => {
    whole = (await train({ folder: 'whole' })).result;
    expected = await digests(whole);
  });

  test('the same seed gives the same bits, another seed others', async () => {
    expect(await digests((await train({ folder: 'again' })).result)).toEqual(expected);
    const other = await digests((await train({ folder: 'other', seed: 2 })).result);
    expect(other['checkpoint']).not.toBe(expected['checkpoint']);
  });

  test('how often it is saved does not matter', async () => {
    const { result } = await train({
      folder: 'seldom',
      config: { checkpoint: { everySeconds: 1000, everyEpochs: 9 } },
    });
    expect(await digests(result)).toEqual(expected);
  });

  test.each([1, 6, 7, 12])('asked to stop after step %i, goes on to the same bits', async (at) => {
    const folder = `stop-${at}`;
    const stopped = train({ folder, afterStep: (step, abort) => step === at && abort() });
    await expect(stopped).rejects.toThrow(Interrupted);
    await expect(stopped).rejects.toThrow(`step ${at} of 12`);
    const { result, lines } = await train({ folder });
    expect(lines[0]).toBe(`Going on from step ${at} of 12`);
    expect(await digests(result)).toEqual(expected);
    expect(result.metrics).toEqual(whole.metrics);
    expect(result.figures).toEqual(whole.figures);
    expect(Object.keys(metricValues(result.metrics))).toEqual(
      ['loss', 'rotation-accuracy', 'rotation-accuracy-best'].map((name) => `pretext/${name}`),
    );
  });

  test('asked to stop during an evaluation, evaluates first when going on', async () => {
    const stop = new AbortController();
    const dataset = generatedDataset();
    const watched: typeof dataset = {
      ...dataset,
      readInto: (split, ...rest) => {
        if (split === 'test') stop.abort();
        dataset.readInto(split, ...rest);
      },
    };
    const context = trainingContext(rotnet, join(root, 'evaluation'), changes, { signal: stop.signal });
    await expect(trainOn(watched, rotnet, context)).rejects.toThrow(/saved at step 6 of 12/);
    const { result } = await train({ folder: 'evaluation' });
    expect(await digests(result)).toEqual(expected);
  });

  test('in windows that end within an evaluation it ends all the same, and measures nothing twice', async () => {
    const batch = 256;
    const whole = generatedDataset(8, { train: 96, test: 3 * batch });
    const reads: number[] = [];
    const window = async (folder: string, readsAWindow: number): Promise<StageResult | undefined> => {
      const stop = new AbortController();
      let read = 0;
      const dataset: typeof whole = {
        ...whole,
        readInto: (split, ...rest) => {
          if (split === 'test') reads.push(rest[0]);
          if (split === 'test' && ++read > readsAWindow) stop.abort();
          whole.readInto(split, ...rest);
        },
      };
      const context = trainingContext(rotnet, join(root, folder), changes, { signal: stop.signal });
      return trainOn(dataset, rotnet, context).catch((error: unknown) => {
        if (error instanceof Interrupted) return undefined;
        throw error;
      });
    };
    const alone = (await window('evaluated-whole', Infinity))!;
    const inOneGo = reads.splice(0).length;
    let windows = 0;
    let result: StageResult | undefined;
    for (; result === undefined && windows < 20; windows++) result = await window('evaluated-in-parts', batch);
    expect(await digests(result!)).toEqual(await digests(alone));
    expect(windows).toBeGreaterThan(4);
    // What was being read when it was asked to stop is read again.
    expect(reads.length).toBeLessThan(2 * inOneGo);
  });

  test('crashed twice between checkpoints, goes on to the same bits and logs nothing twice', async () => {
    const config = { checkpoint: { everySeconds: 1000, everyEpochs: 1 } };
    const crash = (at: number) => (step: number) => {
      if (step === at) throw new Error('crash');
    };
    await expect(train({ folder: 'crash', config, afterStep: crash(4) })).rejects.toThrow('crash');
    expect(metricsOf('crash')).toHaveLength(4);
    await expect(train({ folder: 'crash', config, afterStep: crash(9) })).rejects.toThrow('crash');
    writeFileSync(join(root, 'crash', 'metrics.jsonl'), '{"kind":"tra', { flag: 'a' });
    const { result, lines } = await train({ folder: 'crash', config });
    expect(lines[0]).toBe('Going on from step 6 of 12');
    expect(await digests(result)).toEqual(expected);
    const steps = metricsOf('crash')
      .filter((line) => line.kind === 'train')
      .map((line) => line.step);
    expect(steps).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    expect(metricsOf('crash').filter((line) => line.kind !== 'train')).toHaveLength(4);
  });

  test.each(['torn', 'altered'])('a %s live checkpoint: the one before is taken', async (damage) => {
    await expect(train({ folder: damage, afterStep: (step, abort) => step === 8 && abort() })).rejects.toThrow();
    const live = join(root, damage, 'live');
    const names = readdirSync(live).sort();
    expect(names).toHaveLength(3);
    const newest = join(live, names.at(-1)!);
    if (damage === 'torn') truncateSync(newest, 2000);
    else {
      const bytes = readFileSync(newest);
      bytes[bytes.length - 100]! ^= 4;
      writeFileSync(newest, bytes);
    }
    const { result, lines } = await train({ folder: damage });
    expect(lines[0]).toMatch(/^warning: .*damaged.*going back to the one before/);
    expect(lines[1]).toBe('Going on from step 7 of 12');
    expect(await digests(result)).toEqual(expected);
  });

  test('live checkpoints of another training are not taken', async () => {
    await expect(
      train({ folder: 'foreign', seed: 7, afterStep: (step, abort) => step === 5 && abort() }),
    ).rejects.toThrow();
    const { result, lines } = await train({ folder: 'foreign' });
    expect(lines[0]).toMatch(/belongs to another training/);
    expect(await digests(result)).toEqual(expected);
  });

  test('a finished training that is run again gives the same at once', async () => {
    copyFileSync(join(root, 'whole', 'metrics.jsonl'), join(root, 'before.jsonl'));
    let steps = 0;
    const { result } = await train({ folder: 'whole', afterStep: () => void steps++ });
    expect(steps).toBe(0);
    expect(await digests(result)).toEqual(expected);
  });

  test('a live checkpoint holds weights, statistics, slots, position and curves', async () => {
    const live = join(root, 'whole', 'live');
    const { tensors, metadata } = await readCheckpoint(join(live, readdirSync(live).sort().at(-1)!));
    const names = [...tensors.keys()];
    for (const name of [
      'encoder/block1_conv1/kernel',
      'encoder/block1_bn1/moving_variance',
      'head/linear/bias',
      'optimizer/classifier/encoder/block1_conv1/kernel/momentum',
    ]) {
      expect(names).toContain(name);
    }
    expect(JSON.parse(metadata['state'] as string)).toMatchObject({ epoch: 2, batch: 0, step: 12 });
    expect(new Curve(tensors.get('curve/test')!.data as Uint8Array).points()).toHaveLength(2);
  });
});

test('the time limit stops and saves', async () => {
  process.env['SELFSUP_MAX_MINUTES'] = '0.0000001';
  try {
    await expect(train({ folder: 'limit' })).rejects.toThrow(/saved at step 0 of 12: the time limit/);
    process.env['SELFSUP_MAX_MINUTES'] = 'soon';
    await expect(train({ folder: 'limit' })).rejects.toMatchObject({ field: 'SELFSUP_MAX_MINUTES' });
  } finally {
    delete process.env['SELFSUP_MAX_MINUTES'];
  }
  expect((await train({ folder: 'limit' })).lines[0]).toBe('Going on from step 0 of 12');
});
