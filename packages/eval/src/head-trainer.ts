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
import { top1 } from './confusion.ts';
import type { HeadTraining } from './head-config.ts';
import type { BatchSettings, HeadBatch, HeadSource } from './head-source.ts';
import { testHead, type Measured } from './head-test.ts';

/** Settings of a training. */
export type TrainingSettings = BatchSettings & Pick<HeadTraining, 'epochs' | 'optimizer' | 'schedule'>;

export interface HeadJob {
  /** One input and one output of logits `[batch, classes]` for each layer of the source; their losses are added. */
  readonly model: tf.LayersModel;
  readonly source: HeadSource;
  readonly config: TrainingSettings;
  /** Names of the layers, which stand in the curve where there are several. */
  readonly layers: readonly string[];
  /** Epochs from one test to the next; the last epoch is tested always. Default 1. */
  readonly testEvery?: number | undefined;
  /** What is averaged over the views of a test image. Default `logits`. */
  readonly average?: 'logits' | 'softmax' | undefined;
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
type CurvePoint = Readonly<Record<string, number>>;

/** Accuracies in percent and counts of one layer's head on the test images. */
export interface HeadScores extends Measured {
  /** Top-1 and top-5 accuracy after the last epoch. */
  readonly top1: number;
  readonly top5: number;
  /** Top-1 accuracy of the best of the tested epochs, which looked at the test images. */
  readonly best: number;
}

export interface HeadOutcome {
  /** Of each layer. */
  readonly heads: readonly HeadScores[];
  /** By epoch: `loss` and `top1`, after the layer's name where there are several. */
  readonly curve: { readonly train: CurvePoint[]; readonly test: CurvePoint[] };
}

/**
 * Trains heads on the batches of a source and tests them after every epoch, or every `testEvery`. An interrupted training goes on from its
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
        remedy: "Make the batch smaller, or raise 'samplesPerEpoch' to go through the images several times.",
      },
    );
  const trained = modelWeights('head', model, true);
  const optimizer = createOptimizer(config.optimizer, trained);
  const curve: HeadOutcome['curve'] = { train: [], test: [] };
  const saved = new SavedHead(job, optimizer);
  const totalSteps = config.epochs * stepsPerEpoch;
  const named = (layer: number, measure: string): string =>
    job.layers.length === 1 ? measure : `${job.layers[layer]} ${measure}`;
  try {
    let measured = await saved.restore(curve);
    const first = curve.train.length;
    const phase = job.progress.phase(job.name, totalSteps, 'batches', first * stepsPerEpoch);
    for (let epoch = first; epoch < config.epochs; epoch++) {
      const sums = job.layers.map(() => 0);
      let [seen, step] = [0, epoch * stepsPerEpoch];
      for await (const batch of source.train(epoch)) {
        if (job.signal.aborted) {
          tf.dispose([...batch.features]);
          throw new Interrupted(`Stopped in epoch ${epoch + 1} of ${config.epochs}.`);
        }
        const learningRate = learningRateAt(config.schedule, { epoch, step, totalSteps });
        const losses = trainStep(model, trained, optimizer, batch, learningRate);
        const broken = losses.findIndex((loss) => !Number.isFinite(loss));
        if (broken >= 0)
          throw new UserError(`The loss of ${named(broken, job.name)} is ${losses[broken]} at step ${step}`, {
            field: 'schedule.learningRate',
            remedy: 'Lower the learning rate.',
          });
        losses.forEach((loss, i) => (sums[i] = (sums[i] as number) + loss * batch.labels.length));
        seen += batch.labels.length;
        step++;
        const total = losses.reduce((a, b) => a + b, 0);
        phase.advance(1, { loss: Number(total.toFixed(4)) });
        if (job.dryRun) break;
        await new Promise(setImmediate); // lets a request to stop come through
      }
      const where = { epoch: epoch + 1, step: (epoch + 1) * stepsPerEpoch };
      curve.train.push({ ...where, ...Object.fromEntries(sums.map((sum, i) => [named(i, 'loss'), sum / seen])) });
      if (job.dryRun || (epoch + 1) % (job.testEvery ?? 1) === 0 || epoch + 1 === config.epochs) {
        measured = await testHead(model, source, job.average ?? 'logits', job.dryRun);
        const accuracies = measured.map(({ confusion }, i) => [named(i, 'top1'), top1(confusion)]);
        curve.test.push({ ...where, ...Object.fromEntries(accuracies) });
      }
      if (job.dryRun) break;
      await saved.keep(curve, measured);
    }
    phase.done();
    const heads = measured.map((one, i) => ({
      ...one,
      top1: top1(one.confusion),
      top5: one.top5,
      best: Math.max(...curve.test.map((point) => point[named(i, 'top1')] as number)),
    }));
    return { heads, curve };
  } finally {
    optimizer.dispose();
  }
}

/** One update; gives the mean loss of the batch for each layer and disposes of its features. */
function trainStep(
  model: tf.LayersModel,
  trained: readonly NamedVariable[],
  optimizer: Optimizer,
  { features, labels }: HeadBatch,
  learningRate: number,
): number[] {
  const y = tf.tensor1d(labels, 'int32');
  let losses: tf.Scalar[] = [];
  const { value, gradients } = variableGradients(
    () => {
      const given = model.apply([...features], { training: true }) as tf.Tensor | tf.Tensor[];
      const logits = Array.isArray(given) ? given : [given];
      losses = logits.map((one) => tf.keep(sparseSoftmaxCrossEntropy(y, one).mean() as tf.Scalar));
      return losses.slice(1).reduce((sum, loss) => sum.add(loss), losses[0]!.clone());
    },
    trained.map(({ variable }) => variable),
  );
  const named = Object.fromEntries(trained.map(({ name, variable }) => [name, gradients[variable.name] as tf.Tensor]));
  optimizer.apply(named, learningRate);
  const values = losses.map((loss) => loss.dataSync()[0] as number);
  tf.dispose([...features, y, value, losses, gradients] as tf.TensorContainer);
  return values;
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
  async keep(curve: HeadOutcome['curve'], measured: readonly Measured[]): Promise<void> {
    const finished = curve.train.length === this.#job.config.epochs;
    if (finished || (Date.now() - this.#lastSave < 10_000 && !this.#job.signal.aborted)) return;
    const tensors = variableData(modelWeights('head', this.#job.model));
    for (const [name, slot] of this.#optimizer.slots()) tensors.set(`optimizer/${name}`, slot);
    const metadata = { identity: this.#job.identity, curve: entries(curve), measured } as unknown as Record<
      string,
      Json
    >;
    await writeCheckpoint(this.#path, { tensors, metadata });
    this.#lastSave = Date.now();
  }

  /** Puts back what was saved for this very training; gives the last measurements, none where there are none. */
  async restore(curve: HeadOutcome['curve']): Promise<readonly Measured[]> {
    if (this.#job.dryRun || !existsSync(this.#path)) return [];
    const saved = await readCheckpoint(this.#path).catch(() => undefined); // damaged: begin again
    if (saved?.metadata.identity !== this.#job.identity) return [];
    assignVariables(modelWeights('head', this.#job.model), saved.tensors, this.#path);
    const prefix = 'optimizer/';
    const slots = [...saved.tensors].filter(([name]) => name.startsWith(prefix));
    this.#optimizer.restore(new Map(slots.map(([name, slot]) => [name.slice(prefix.length), slot])));
    const past = saved.metadata.curve as unknown as ReturnType<typeof entries>;
    curve.train.push(...past.train.map((point) => Object.fromEntries(point)));
    curve.test.push(...past.test.map((point) => Object.fromEntries(point)));
    return saved.metadata.measured as unknown as readonly Measured[];
  }
}

/** Points as lists: metadata comes back with sorted keys, and the curve's file is to have the bytes of one never stopped. */
function entries({ train, test }: HeadOutcome['curve']): Record<'train' | 'test', [string, number][][]> {
  return { train: train.map((point) => Object.entries(point)), test: test.map((point) => Object.entries(point)) };
}
