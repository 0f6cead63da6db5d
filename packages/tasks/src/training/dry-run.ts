import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { StageContext } from '@selfsup/kit/stage';
import { tf } from '@selfsup/engine/tensorflow';
import { readCheckpoint, writeCheckpoint, type Checkpoint } from '@selfsup/models/checkpoint';
import { loadEncoder } from '@selfsup/models/encoder';
import { learningRateAt, milestones } from '@selfsup/models/schedules';
import { parameterCount } from '@selfsup/models/weights';
import type { Batch } from '@selfsup/data/loader';
import { duration } from '@selfsup/trainer/clock';
import type { Training } from '@selfsup/trainer/training';
import type { TaskInstance } from '../task.ts';
import type { TrainingConfig } from './training-config.ts';
import type { DataFeed } from './data-feed.ts';

const STEPS = 2;

export interface DryRunParts {
  readonly config: TrainingConfig;
  readonly instance: TaskInstance;
  readonly feed: DataFeed;
  readonly training: Training<Batch>;
  readonly context: Pick<StageContext<unknown>, 'progress' | 'workFolder'>;
  /** Writes the final checkpoint. */
  readonly save: () => Promise<void>;
  readonly checkpoint: string;
}

/**
 * Proves a training without doing it: what comes before an epoch, two steps on real batches, live and final checkpoint written, read back and
 * compared to the bit, and the facts of the whole run told. Throws when what is read back differs.
 */
export async function dryRun(parts: DryRunParts): Promise<void> {
  const { config, instance, feed, training, context } = parts;
  const { progress } = context;
  progress.note(`Parameters: ${parameterCount(...Object.values(instance.models)).toLocaleString('en')}`);
  if (instance.parameterGroups.length > 0) {
    const seconds = await twoSteps(parts);
    for (const epoch of milestones(config.schedule, config.epochs)) {
      const position = { epoch, step: epoch * feed.batchesPerEpoch, totalSteps: config.epochs * feed.batchesPerEpoch };
      progress.note(
        `Learning rate from epoch ${epoch + 1}: ${learningRateAt(config.schedule, position).toPrecision(3)}`,
      );
    }
    const steps = config.epochs * feed.batchesPerEpoch;
    progress.note(`Estimated time: ${duration(seconds * steps)} for ${steps} steps of ${seconds.toPrecision(2)} s`);
    const live = join(context.workFolder, 'dry-run.safetensors');
    const before = training.snapshot();
    await writeCheckpoint(live, before);
    training.restore(await readCheckpoint(live));
    requireEqual(before, training.snapshot());
    await rm(live, { force: true });
  }
  await parts.save();
  await requireSameEncoder(parts);
  progress.note('Checkpoints written, read back and found equal');
}

/** Takes the steps and gives the seconds of the last, the first being slowed by its first touch of memory. */
async function twoSteps({ feed, training, context }: DryRunParts): Promise<number> {
  let seconds = 0;
  let taken = 0;
  for await (const batch of feed.epoch(0, 0, await training.plan())) {
    const started = performance.now();
    const values = training.step(batch);
    seconds = (performance.now() - started) / 1000;
    context.progress.note(
      `Step ${taken + 1}: ${Object.entries(values)
        .map(([k, v]) => `${k} ${v.toPrecision(4)}`)
        .join(', ')}`,
    );
    if (++taken === STEPS) break;
  }
  return seconds;
}

function requireEqual(a: Checkpoint, b: Checkpoint): void {
  for (const [name, { data }] of a.tensors) {
    const other = b.tensors.get(name)?.data;
    const bytes = (array: ArrayBufferView): Buffer => Buffer.from(array.buffer, array.byteOffset, array.byteLength);
    if (other === undefined || !bytes(data).equals(bytes(other))) throw new Error(`${name} changed in its checkpoint.`);
  }
}

/** The encoder rebuilt from the final checkpoint gives the features of the one in memory. */
async function requireSameEncoder({ instance, checkpoint }: DryRunParts): Promise<void> {
  const loaded = await loadEncoder(checkpoint);
  const { height, width, channels } = loaded.input;
  const difference = tf.tidy(() => {
    const x = tf.ones([2, height, width, channels]);
    const [a, b] = [instance.models['encoder']!, loaded.model].map((model) => model.apply(x) as tf.Tensor);
    return a!.sub(b!).abs().max().dataSync()[0]!;
  });
  loaded.model.dispose();
  if (difference !== 0) throw new Error(`The reloaded encoder differs by ${difference}.`);
}
