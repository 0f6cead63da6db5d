import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Dataset } from '@selfsup/data/dataset';
import { tf } from '@selfsup/engine/tensorflow';
import { firstOf, type StageContext, type StageResult } from '@selfsup/kit/stage';
import { duration } from '@selfsup/kit/units';
import { readCheckpoint, writeCheckpoint, type Checkpoint } from '@selfsup/models/checkpoint';
import { loadEncoder } from '@selfsup/models/encoder';
import { learningRateAt, milestones } from '@selfsup/models/schedules';
import { parameterCount } from '@selfsup/models/weights';
import type { Task } from '../task.ts';
import { withTraining, type BuiltTraining } from './run-training.ts';
import type { TrainingConfig } from './training-config.ts';

/**
 * Proves a training without doing it: what comes before an epoch, two steps on real batches, live and final checkpoint written,
 * read back and compared to the bit, and the facts of the whole run told. Gives the checkpoint, and no metrics. Throws as
 * `trainOn` does, and when what is read back differs.
 */
export function rehearseOn<Config>(
  dataset: Dataset,
  task: Task<Config>,
  context: StageContext<TrainingConfig<Config>>,
): Promise<StageResult> {
  const { progress, workFolder } = context;
  return withTraining(dataset, task, context, async (built) => {
    const { config, instance, feed, training, save, checkpoint } = built;
    progress.note(`Parameters: ${parameterCount(...Object.values(instance.models)).toLocaleString('en')}`);
    if (instance.parameterGroups.length > 0) {
      const seconds = await steps(built, context);
      const totalSteps = config.epochs * feed.batchesPerEpoch;
      for (const epoch of milestones(config.schedule, config.epochs)) {
        const rate = learningRateAt(config.schedule, { epoch, step: epoch * feed.batchesPerEpoch, totalSteps });
        progress.note(`Learning rate at epoch ${epoch + 1}: ${rate.toPrecision(3)}`);
      }
      progress.note(
        `Estimated time: ${duration(seconds * totalSteps)} for ${totalSteps} steps of ${seconds.toPrecision(2)} s`,
      );
      const live = join(workFolder, 'dry-run.safetensors');
      const before = training.snapshot();
      await writeCheckpoint(live, before);
      training.restore(await readCheckpoint(live));
      requireEqual(before, training.snapshot());
      await rm(live, { force: true });
    }
    await save();
    await requireSameEncoder(built);
    progress.note('Checkpoints written, read back and found equal');
    return { blobs: { checkpoint }, metrics: [] };
  });
}

/** Takes the steps and gives the seconds of the last, the first being slowed by its first touch of memory. */
async function steps(
  { feed, training }: BuiltTraining,
  { extent, progress }: Pick<StageContext<never>, 'extent' | 'progress'>,
): Promise<number> {
  let seconds = 0;
  let taken = 0;
  for await (const batch of firstOf(feed.epoch(0, 0, await training.plan()), extent.batches)) {
    const started = performance.now();
    const values = training.step(batch);
    seconds = (performance.now() - started) / 1000;
    progress.note(
      `Step ${++taken}: ${Object.entries(values)
        .map(([k, v]) => `${k} ${v.toPrecision(4)}`)
        .join(', ')}`,
    );
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
async function requireSameEncoder({ instance, checkpoint }: BuiltTraining): Promise<void> {
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
