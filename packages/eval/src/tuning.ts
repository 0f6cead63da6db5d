import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { measuringView, outputSize, viewsPerImage } from '@selfsup/data/augment';
import type { Dataset } from '@selfsup/data/dataset';
import { createLoader, type Batch, type Loader } from '@selfsup/data/loader';
import { UserError } from '@selfsup/engine/errors';
import { variableGradients } from '@selfsup/engine/gradients';
import { setTrainingStep } from '@selfsup/engine/layers';
import { sparseSoftmaxCrossEntropy } from '@selfsup/engine/losses';
import type { Progress } from '@selfsup/engine/progress';
import { deriveKey, type RandomKey } from '@selfsup/engine/random';
import { Interrupted } from '@selfsup/engine/stage';
import { tf } from '@selfsup/engine/tensorflow';
import { readCheckpoint, writeCheckpoint, type Json } from '@selfsup/models/checkpoint';
import { loadEncoder, type LoadedEncoder } from '@selfsup/models/encoder';
import type { Optimizer } from '@selfsup/models/optimizers/optimizer';
import { rateGroups } from '@selfsup/models/optimizers/rate-groups';
import { learningRateAt } from '@selfsup/models/schedules';
import { assignVariables, variableData } from '@selfsup/models/weights';
import { confusionOf, top1 } from './confusion.ts';
import { extractionBatch } from './features-config.ts';
import { buildHead } from './heads.ts';
import { tunedNetwork, type TunedNetwork } from './tuned-network.ts';
import type { TuningConfig } from './tuning-config.ts';

const saveEverySeconds = 60;

export interface TuningJob {
  readonly config: TuningConfig;
  /** Path of the encoder's checkpoint. */
  readonly checkpoint: string;
  readonly dataset: Dataset;
  /** Images to train on and to test on: indices into the config's splits. */
  readonly trainIndices: Uint32Array;
  readonly testIndices: Uint32Array;
  /** The head's start, order and augmentation are functions of it. */
  readonly key: RandomKey;
  /** Stands for everything that the training depends on: what another one left is not resumed. */
  readonly identity: string;
  readonly name: string;
  readonly workFolder: string;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  readonly dryRun: boolean;
  /** Called with the networks and the number of steps after the last epoch, before they are disposed of. */
  readonly finished?: (encoder: LoadedEncoder, head: tf.LayersModel, steps: number) => Promise<void>;
}

type CurvePoint = { epoch: number; step: number; loss?: number; top1?: number };

/** Position and measurements; with weights and slots all that going on needs. */
interface TuningState {
  epoch: number;
  /** Batches done of the epoch under way, the sum of their losses and their images. */
  batch: number;
  lossSum: number;
  seen: number;
  train: CurvePoint[];
  test: CurvePoint[];
  confusion: number[][];
}

export interface TuningOutcome {
  /** Accuracy on the test images after the last epoch and after the best tested one, in percent. */
  readonly top1: number;
  readonly best: number;
  /** `[true class][predicted class]` counts after the last epoch. */
  readonly confusion: number[][];
  readonly curve: { readonly train: CurvePoint[]; readonly test: CurvePoint[] };
}

/**
 * Trains a head and, unless they are frozen, layers of the encoder on labelled images, and tests them. An interrupted
 * training goes on from the step where it stopped and ends with the same bits. Throws `Interrupted` when asked to stop;
 * `UserError` as `tunedNetwork` does, for images of another size than the encoder's, and where the loss is not finite.
 */
export async function tune(job: TuningJob): Promise<TuningOutcome> {
  const { config, dataset, dryRun, signal, progress } = job;
  await mkdir(job.workFolder, { recursive: true });
  const encoder = await loadEncoder(job.checkpoint);
  let network: TunedNetwork | undefined;
  let optimizer: Optimizer | undefined;
  let loaders: readonly Loader[] = [];
  try {
    loaders = openLoaders(job, encoder);
    const [training, testing] = loaders as [Loader, Loader];
    const classes = dataset.manifest.classes.length;
    const { key } = job;
    network = tunedNetwork({
      ...config,
      encoder,
      buildHead: (shape) => buildHead(config, { shape, classes, key, initialiser: config.initialiser }),
    });
    optimizer = rateGroups(config.optimizer, network.trained, network.factorOf);
    const saved = new SavedTuning(job, network, optimizer);
    const state = await saved.restore();
    const stepsPerEpoch = training.batchesPerEpoch;
    const totalSteps = config.epochs * stepsPerEpoch;
    const phase = progress.phase(job.name, totalSteps, 'batches', state.epoch * stepsPerEpoch + state.batch);
    while (state.epoch < config.epochs) {
      const { epoch } = state;
      for await (const batch of training.epoch(epoch, state.batch)) {
        if (signal.aborted) {
          await saved.write(state);
          throw new Interrupted(`Stopped in epoch ${epoch + 1} of ${config.epochs}: ${job.name}.`);
        }
        const step = epoch * stepsPerEpoch + state.batch;
        const learningRate = learningRateAt(config.schedule, { epoch, step, totalSteps });
        const loss = tuningStep(network, optimizer, batch, learningRate, deriveKey(key, 'dropout', step));
        if (!Number.isFinite(loss))
          throw new UserError(`The loss of ${job.name} is ${loss} at step ${step}`, {
            field: 'schedule.learningRate',
            remedy: 'Lower the learning rate.',
          });
        state.lossSum += loss * batch.labels.length;
        state.seen += batch.labels.length;
        state.batch++;
        phase.advance(1, { loss: Number(loss.toFixed(4)) });
        if (dryRun) break;
        if (saved.isDue()) await saved.write(state);
        await new Promise(setImmediate); // lets a request to stop come through
      }
      const where = { epoch: epoch + 1, step: (epoch + 1) * stepsPerEpoch };
      const isLast = epoch + 1 === config.epochs;
      let confusion: number[][] | undefined;
      if (dryRun || isLast || (epoch + 1) % config.testEvery === 0) {
        confusion = await test(network, testing, classes, job);
        if (confusion === undefined) {
          await saved.write(state); // stopped between test batches: going on tests again
          throw new Interrupted(`Stopped while testing epoch ${epoch + 1} of ${config.epochs}: ${job.name}.`);
        }
        state.confusion = confusion;
        state.test.push({ ...where, top1: top1(confusion) });
      }
      state.train.push({ ...where, loss: state.lossSum / state.seen });
      Object.assign(state, { epoch: epoch + 1, batch: 0, lossSum: 0, seen: 0 });
      if (dryRun) break;
    }
    phase.done();
    await job.finished?.(encoder, network.head, totalSteps);
    await saved.remove();
    const accuracies = state.test.map((point) => point.top1 as number);
    const { train, test: tested, confusion } = state;
    return { top1: top1(confusion), best: Math.max(...accuracies), confusion, curve: { train, test: tested } };
  } finally {
    for (const loader of loaders) await loader.close();
    optimizer?.dispose();
    if (network === undefined) encoder.model.dispose();
    else network.dispose();
  }
}

/** The training and the test images, in the encoder's size. */
function openLoaders({ config, dataset, trainIndices, testIndices, key }: TuningJob, { input }: LoadedEncoder) {
  const { image } = dataset.manifest;
  const size = outputSize(image, config.augment);
  const fits = size.height === input.height && size.width === input.width && size.channels === input.channels;
  if (!fits || viewsPerImage(config.augment) > 1) {
    const [given, taken] = [size, input].map((one) => `${one.height} × ${one.width} × ${one.channels}`);
    throw new UserError(`The encoder takes images of ${taken}, 'augment' makes ${given} of ${dataset.manifest.name}`, {
      field: 'augment',
      remedy: 'Name a data set of the size that the encoder was trained on, or use one crop of that size.',
    });
  }
  const testView = measuringView(image, input);
  const common = { dataset, key, workers: config.workers };
  const { batchSize, dropLast, samplesPerEpoch, augment } = config;
  const train = { split: config.train.split, indices: trainIndices, batchSize, dropLast, samplesPerEpoch, augment };
  const training = createLoader({ ...common, ...train, shuffle: true });
  if (training.batchesPerEpoch === 0)
    throw new UserError(
      `${samplesPerEpoch ?? trainIndices.length} training images do not fill one batch of ${batchSize}`,
      {
        field: 'batchSize',
        remedy: "Make the batch smaller, or raise 'samplesPerEpoch' to go through the images several times.",
      },
    );
  const test = { split: config.test.split, indices: testIndices, batchSize: extractionBatch, augment: testView };
  return [training, createLoader({ ...common, ...test, dropLast: false, shuffle: false })];
}

/** One update; gives the mean loss of the batch. Dropout's masks are a function of `key`. */
export function tuningStep(
  network: TunedNetwork,
  optimizer: Optimizer,
  batch: Pick<Batch, 'images' | 'labels'>,
  learningRate: number,
  key: RandomKey,
): number {
  setTrainingStep(key);
  tf.engine().startScope('tuning');
  try {
    const x = network.below(batch.images, batch.labels.length);
    const y = tf.tensor1d(batch.labels, 'int32');
    const { value, gradients } = variableGradients(
      () => sparseSoftmaxCrossEntropy(y, network.above(x, true)).mean() as tf.Scalar,
      network.trained.map(({ variable }) => variable),
    );
    const named = network.trained.map(({ name, variable }) => [name, gradients[variable.name] as tf.Tensor]);
    optimizer.apply(Object.fromEntries(named) as tf.NamedTensorMap, learningRate);
    return value.dataSync()[0] as number;
  } finally {
    tf.engine().endScope();
    setTrainingStep(undefined);
  }
}

/** Counts over the test images, of a dry run over the first batch; undefined where it was asked to stop. */
async function test(network: TunedNetwork, loader: Loader, classes: number, { dryRun, signal }: TuningJob) {
  const [labels, predicted]: [number[], number[]] = [[], []];
  for await (const batch of loader.epoch(0)) {
    if (signal.aborted) return undefined;
    const best = tf.tidy(() => network.above(network.below(batch.images, batch.labels.length), false).argMax(1));
    predicted.push(...(best.dataSync() as Int32Array));
    labels.push(...batch.labels);
    best.dispose();
    if (dryRun) break;
    await new Promise(setImmediate);
  }
  return confusionOf(labels, predicted, classes);
}

/** The training's state in a file of the work folder. */
class SavedTuning {
  readonly #job: TuningJob;
  readonly #network: TunedNetwork;
  readonly #optimizer: Optimizer;
  readonly #path: string;
  #lastSave = Date.now();

  constructor(job: TuningJob, network: TunedNetwork, optimizer: Optimizer) {
    this.#job = job;
    this.#network = network;
    this.#optimizer = optimizer;
    this.#path = join(job.workFolder, 'tuning.safetensors');
  }

  isDue(): boolean {
    return Date.now() - this.#lastSave > saveEverySeconds * 1000;
  }

  async write(state: TuningState): Promise<void> {
    if (this.#job.dryRun) return;
    const tensors = variableData(this.#network.state);
    for (const [name, slot] of this.#optimizer.slots()) tensors.set(`optimizer/${name}`, slot);
    // As text: metadata comes back with sorted keys, and the curve's file is to have the bytes of one never stopped.
    const metadata: Record<string, Json> = { identity: this.#job.identity, state: JSON.stringify(state) };
    await writeCheckpoint(this.#path, { tensors, metadata });
    this.#lastSave = Date.now();
  }

  /** Puts back what was saved for this very training; else gives the state of one that begins. */
  async restore(): Promise<TuningState> {
    const fresh = { epoch: 0, batch: 0, lossSum: 0, seen: 0, train: [], test: [], confusion: [] };
    if (this.#job.dryRun || !existsSync(this.#path)) return fresh;
    const saved = await readCheckpoint(this.#path).catch(() => undefined); // damaged: begin again
    if (saved?.metadata.identity !== this.#job.identity) return fresh;
    assignVariables(this.#network.state, saved.tensors, this.#path);
    const prefix = 'optimizer/';
    const slots = [...saved.tensors].filter(([name]) => name.startsWith(prefix));
    this.#optimizer.restore(new Map(slots.map(([name, slot]) => [name.slice(prefix.length), slot])));
    return JSON.parse(saved.metadata.state as string) as TuningState;
  }

  remove(): Promise<void> {
    return rm(this.#path, { force: true });
  }
}
