import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '@selfsup/kit/errors';
import type { RandomKey } from '@selfsup/kit/random';
import { firstOf, type StageContext } from '@selfsup/kit/stage';
import type { CurvePoint, Curves } from '@selfsup/trainer/curve';
import type { Feed, Trainee } from '@selfsup/trainer/trainee';
import { Training } from '@selfsup/trainer/training';
import type { HeadTraining } from '../heads/head-config.ts';
import type { BatchSettings } from '../heads/head-source.ts';

/** Settings of a training on labels. */
type LabelTraining = Omit<BatchSettings, 'dropLast'> &
  Pick<HeadTraining, 'epochs' | 'optimizer' | 'schedule'> & { readonly replicas?: number | undefined };

/** A training on labels, beside what is trained. Live checkpoints lie in its work folder, which it has for itself. */
export interface TrainingJob extends Pick<StageContext<never>, 'workFolder' | 'progress' | 'signal' | 'extent'> {
  readonly config: LabelTraining;
  /** Epochs from one test to the next; the last epoch is tested always. Default 1. */
  readonly testEvery?: number | undefined;
  /** Shown in the progress and in messages. */
  readonly name: string;
  /** Digest of everything the training depends on: live checkpoints of another identity are ignored. */
  readonly identity: string;
  /** Where TensorBoard's files go; `events` in the work folder by default. */
  readonly eventFolder?: string | undefined;
}

const checkpoint = { everySeconds: 60, keep: 2 };

/**
 * Trains to the end, from where an interrupted run of the same job stopped. `finish` is called before the live checkpoints go.
 * `losses` are the names of the trainee's losses in the curve, `images` are those to train on. Throws `UserError` where they fill no batch, and as `Training.run` does.
 */
export async function trainOnLabels<Batch>(
  job: TrainingJob,
  { trainee, feed, key }: { trainee: Trainee<Batch>; feed: Feed<Batch>; key: RandomKey },
  losses: readonly string[],
  images: number,
  finish: (steps: number) => Promise<void> = () => Promise.resolve(),
): Promise<{ readonly curve: Curves; readonly best: Readonly<Record<string, number>> }> {
  const { config, extent } = job;
  const { batchSize, replicas, samplesPerEpoch, optimizer, schedule } = config;
  if (feed.batchesPerEpoch === 0)
    throw new UserError(`${samplesPerEpoch ?? images} training images do not fill one batch of ${batchSize}`, {
      field: 'batchSize',
      remedy: "Make the batch smaller, or raise 'samplesPerEpoch' to go through the images several times.",
    });
  const evaluate = { everyEpochs: job.testEvery ?? 1 };
  const epochs = Math.min(config.epochs, extent.epochs);
  const training = new Training({
    ...job,
    config: { epochs, batchSize, replicas, optimizer, schedule, checkpoint, evaluate, log: { everySteps: 10 } },
    trainee,
    feed: {
      ...feed,
      batchesPerEpoch: Math.min(feed.batchesPerEpoch, extent.batches),
      epoch: (...position) => firstOf(feed.epoch(...position), extent.batches),
    },
    key,
    quiet: true,
  });
  try {
    await training.run();
    const { best, step } = training.state;
    const { train, test } = training.curves();
    await finish(step);
    await training.forget();
    return { curve: { train: rows(train, losses), test: rows(test, Object.keys(trainee.measures)) }, best };
  } finally {
    training.dispose();
  }
}

/** TensorBoard's files of the trainings of a stage, for its `records`; empty where there are none. */
export function eventRecords(stageFolder: string): Readonly<Record<string, string>> {
  const events = join(stageFolder, 'events');
  return existsSync(events) ? { events } : {};
}

/** Of each point its place and what is named, in that order. */
function rows(points: readonly CurvePoint[], names: readonly string[]): CurvePoint[] {
  const fields = ['epoch', 'step', ...names];
  return points.map((point) => Object.fromEntries(fields.map((name) => [name, point[name]!])) as CurvePoint);
}
