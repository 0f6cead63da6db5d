import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '@selfsup/engine/errors';
import { variableGradients } from '@selfsup/engine/gradients';
import { sparseSoftmaxCrossEntropy } from '@selfsup/engine/losses';
import type { Progress } from '@selfsup/engine/progress';
import { Interrupted } from '@selfsup/engine/stage';
import { tf } from '@selfsup/engine/tensorflow';
import { readCheckpoint, writeCheckpoint, type Json } from '@selfsup/models/checkpoint';
import { createOptimizer, type Optimizer } from '@selfsup/models/optimizers/optimizer';
import { learningRateAt } from '@selfsup/models/schedules';
import { assignVariables, modelWeights, variableData, type NamedVariable } from '@selfsup/models/weights';
import { confusionOf, top1 } from './confusion.ts';
import type { HeadTraining } from './head-config.ts';
import type { HeadBatch, HeadSource } from './head-source.ts';

export interface HeadJob {
  readonly model: tf.LayersModel;
  readonly source: HeadSource;
  readonly config: HeadTraining;
  /** Name shown in the progress. */
  readonly name: string;
  /** Stands for everything the training depends on: a checkpoint of another identity is not resumed. */
  readonly identity: string;
  readonly workFolder: string;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  readonly dryRun: boolean;
}

/** The state after an epoch: a row of `curve.json`. */
type CurvePoint<Measure extends string> = Readonly<Record<'epoch' | 'step' | Measure, number>>;

export interface HeadOutcome {
  /** Test accuracy in percent after the last epoch, and of the best epoch, which looked at the test images. */
  readonly final: number;
  readonly best: number;
  readonly curve: { readonly train: CurvePoint<'loss'>[]; readonly test: CurvePoint<'top1'>[] };
  /** `[true class][predicted class]` counts over the test images after the last epoch. */
  readonly confusion: number[][];
}

/**
 * Trains a head on the batches of a source and tests it after every epoch. An interrupted training goes on from its
 * last finished epoch and ends with the same bits.
 * Throws `Interrupted` when asked to stop and `UserError` when the loss is no longer finite.
 */
export async function trainHead(job: HeadJob): Promise<HeadOutcome> {
  const { model, source, config } = job;
  const stepsPerEpoch = source.batchesPerEpoch;
  if (stepsPerEpoch === 0)
    throw new UserError(
      `${config.samplesPerEpoch ?? source.trainLabels.length} training images do not fill one batch of ${config.batchSize}`,
      {
        field: 'batchSize',
      },
    );
  const trained = modelWeights('head', model, true);
  const optimizer = createOptimizer(config.optimizer, trained);
  const curve: HeadOutcome['curve'] = { train: [], test: [] };
  const saved = new SavedHead(job, optimizer);
  const totalSteps = config.epochs * stepsPerEpoch;
  try {
    let confusion = await saved.restore(curve);
    const first = curve.test.length;
    const phase = job.progress.phase(job.name, totalSteps, 'batches', first * stepsPerEpoch);
    for (let epoch = first; epoch < config.epochs; epoch++) {
      let [sum, seen, step] = [0, 0, epoch * stepsPerEpoch];
      for await (const batch of source.train(epoch)) {
        if (job.signal.aborted) {
          batch.features.dispose();
          throw new Interrupted(`Stopped in epoch ${epoch + 1} of ${config.epochs}.`);
        }
        const learningRate = learningRateAt(config.schedule, { epoch, step, totalSteps });
        const loss = trainStep(model, trained, optimizer, batch, learningRate);
        if (!Number.isFinite(loss))
          throw new UserError(`The loss of ${job.name} is ${loss} at step ${step}`, {
            field: 'schedule.learningRate',
            remedy: 'Lower the learning rate.',
          });
        sum += loss * batch.labels.length;
        seen += batch.labels.length;
        step++;
        phase.advance(1, { loss: Number(loss.toFixed(4)) });
        if (job.dryRun) break;
        await new Promise(setImmediate); // lets a request to stop come through
      }
      confusion = await testHead(model, source, job.dryRun);
      const where = { epoch: epoch + 1, step: (epoch + 1) * stepsPerEpoch };
      curve.train.push({ ...where, loss: sum / seen });
      curve.test.push({ ...where, top1: top1(confusion) });
      if (job.dryRun) break;
      await saved.keep(curve, confusion);
    }
    phase.done();
    const accuracies = curve.test.map((point) => point.top1);
    return { final: accuracies.at(-1) as number, best: Math.max(...accuracies), curve, confusion };
  } finally {
    optimizer.dispose();
  }
}

/** One update; gives the mean loss of the batch and disposes of its features. */
function trainStep(
  model: tf.LayersModel,
  trained: readonly NamedVariable[],
  optimizer: Optimizer,
  { features: x, labels }: HeadBatch,
  learningRate: number,
): number {
  const y = tf.tensor1d(labels, 'int32');
  const { value, gradients } = variableGradients(
    () => sparseSoftmaxCrossEntropy(y, model.apply(x, { training: true }) as tf.Tensor).mean() as tf.Scalar,
    trained.map(({ variable }) => variable),
  );
  const named = Object.fromEntries(trained.map(({ name, variable }) => [name, gradients[variable.name] as tf.Tensor]));
  optimizer.apply(named, learningRate);
  const loss = value.dataSync()[0] as number;
  tf.dispose([x, y, value, gradients]);
  return loss;
}

/** Confusion counts of all test images or of the first batch only, batch norm in inference mode. */
async function testHead(model: tf.LayersModel, source: HeadSource, firstOnly: boolean): Promise<number[][]> {
  const labels: number[] = [];
  const predicted: number[] = [];
  for await (const batch of source.test()) {
    const best = tf.tidy(() => (model.predictOnBatch(batch.features) as tf.Tensor2D).argMax(1));
    predicted.push(...(best.dataSync() as Int32Array));
    labels.push(...batch.labels);
    tf.dispose([best, batch.features]);
    if (firstOnly) break;
  }
  return confusionOf(labels, predicted, source.classes.length);
}

/** The training's state after a finished epoch, in a file of the work folder. */
class SavedHead {
  readonly #job: HeadJob;
  readonly #optimizer: Optimizer;
  readonly #path: string;
  #lastSave = Date.now();

  constructor(job: HeadJob, optimizer: Optimizer) {
    this.#job = job;
    this.#optimizer = optimizer;
    this.#path = join(job.workFolder, 'head.safetensors');
  }

  /** Saves where that is worth it: at most every 10 seconds, and never after the last epoch. */
  async keep(curve: HeadOutcome['curve'], confusion: number[][]): Promise<void> {
    const finished = curve.test.length === this.#job.config.epochs;
    if (finished || (Date.now() - this.#lastSave < 10_000 && !this.#job.signal.aborted)) return;
    const tensors = variableData(modelWeights('head', this.#job.model));
    for (const [name, slot] of this.#optimizer.slots()) tensors.set(`optimizer/${name}`, slot);
    const metadata = { identity: this.#job.identity, curve, confusion } as unknown as Record<string, Json>;
    await writeCheckpoint(this.#path, { tensors, metadata });
    this.#lastSave = Date.now();
  }

  /** Puts back what was saved for this very training; gives the last confusion counts, empty where there are none. */
  async restore(curve: HeadOutcome['curve']): Promise<number[][]> {
    if (this.#job.dryRun || !existsSync(this.#path)) return [];
    const saved = await readCheckpoint(this.#path).catch(() => undefined); // damaged: begin again
    if (saved?.metadata.identity !== this.#job.identity) return [];
    assignVariables(modelWeights('head', this.#job.model), saved.tensors, this.#path);
    const prefix = 'optimizer/';
    const slots = [...saved.tensors].filter(([name]) => name.startsWith(prefix));
    this.#optimizer.restore(new Map(slots.map(([name, slot]) => [name.slice(prefix.length), slot])));
    const past = saved.metadata.curve as unknown as HeadOutcome['curve'];
    // Metadata comes back with sorted keys; in this order the curve's file has the bytes of a training never stopped.
    curve.train.push(...past.train.map(({ epoch, step, loss }) => ({ epoch, step, loss })));
    curve.test.push(...past.test.map(({ epoch, step, top1 }) => ({ epoch, step, top1 })));
    return saved.metadata.confusion as unknown as number[][];
  }
}
