import { join } from 'node:path';
import type { Dataset } from '@selfsup/data/dataset';
import { canonicalJson, sha256, sha256File } from '@selfsup/kit/files';
import { metricValues } from '@selfsup/kit/metric';
import { Interrupted, type StageContext, type StageResult } from '@selfsup/kit/stage';
import type { Task } from '../task.ts';
import { trainOn } from '../training/run-training.ts';
import { trainingContext } from './training-context.ts';

/** A small training of any task, for tests of what interruptions leave behind. */
export interface Trial<Config> {
  readonly task: Task<Config>;
  readonly dataset: Dataset;
  /** Changes to the config of `trainingContext`. */
  readonly config: Record<string, unknown>;
  readonly needs?: StageContext<never>['needs'];
}

/** Digests of everything that a training publishes. */
export async function digestsOf(result: StageResult): Promise<Record<string, string>> {
  const all = Object.entries({ ...result.blobs, ...result.files });
  const digests = all.map(async ([name, path]) => [name, await sha256File(path)] as const);
  const { metrics, figures } = result;
  const results = canonicalJson(JSON.parse(JSON.stringify({ metrics: metricValues(metrics), figures })));
  return { ...Object.fromEntries(await Promise.all(digests)), results: sha256(results) };
}

/** Trains in `folder`; thrown out after `crashAt` steps, without a chance to save, where that is given. */
async function train<Config>(trial: Trial<Config>, folder: string, crashAt?: number): Promise<StageResult> {
  const config = { checkpoint: { everySeconds: 1e-6, keep: 2 }, ...trial.config };
  const context = trainingContext(trial.task, folder, config, { needs: trial.needs ?? {} });
  let steps = 0;
  context.progress.phase = () => ({
    advance: () => {
      steps += 1;
      if (steps === crashAt) throw new Error('crash');
    },
    done: () => undefined,
  });
  return trainOn(trial.dataset, trial.task, context);
}

/**
 * Digests of a training left alone, of the same once more, and of one that crashed after each of the given numbers of
 * steps (counted anew each time it went on) before it reached its end.
 */
export async function interrupted<Config>(trial: Trial<Config>, root: string, crashes: readonly number[]) {
  const whole = await digestsOf(await train(trial, join(root, 'whole')));
  const again = await digestsOf(await train(trial, join(root, 'again')));
  let crashed = 0;
  for (const step of crashes) {
    await train(trial, join(root, 'crashed'), step).catch((error: Error) => {
      if (error.message !== 'crash') throw error;
      crashed += 1;
    });
  }
  const resumed = await digestsOf(await train(trial, join(root, 'crashed')));
  return { whole, again, resumed, crashed };
}

/**
 * Digests of a training left alone, and of one that is asked to stop whenever it has read `images` images, as often as it
 * takes; with how many images each has read.
 */
export async function inWindows<Config>(trial: Trial<Config>, root: string, images: number) {
  const run = async (folder: string, most: number) => {
    const stop = new AbortController();
    let read = 0;
    const dataset: Dataset = {
      ...trial.dataset,
      readInto: (...args) => {
        if (++read > most) stop.abort();
        trial.dataset.readInto(...args);
      },
    };
    const config = { checkpoint: { everySeconds: 1000, keep: 2 }, ...trial.config };
    const context = trainingContext(trial.task, join(root, folder), config, { signal: stop.signal });
    const result = await trainOn(dataset, trial.task, context).catch((error: unknown) => {
      if (error instanceof Interrupted) return undefined;
      throw error;
    });
    return { digests: result && (await digestsOf(result)), read };
  };
  const alone = await run('alone', Infinity);
  let windows = 0;
  let read = 0;
  let digests: Record<string, string> | undefined;
  for (; digests === undefined && windows < 100; windows++) {
    const one = await run('in windows', images);
    read += one.read;
    digests = one.digests;
  }
  return { alone: alone.digests, inWindows: digests, windows, read: { alone: alone.read, inWindows: read } };
}
