import { measuringView, outputSize, viewsPerImage } from '@selfsup/data/augment';
import type { Dataset } from '@selfsup/data/dataset';
import { createLoader, cutBatch, type Batch, type Loader } from '@selfsup/data/loader';
import { batchShare } from '@selfsup/engine/cluster';
import { compiledStep } from '@selfsup/engine/compiled-step';
import { setTrainingStep } from '@selfsup/engine/layers';
import { sparseSoftmaxCrossEntropy } from '@selfsup/engine/losses';
import { tf } from '@selfsup/engine/tensorflow';
import { UserError } from '@selfsup/kit/errors';
import { deriveKey, type RandomKey } from '@selfsup/kit/random';
import { firstOf, stopIfAsked } from '@selfsup/kit/stage';
import { loadEncoder, type LoadedEncoder } from '@selfsup/models/encoder';
import type { Curves } from '@selfsup/trainer/curve';
import { gradientsOf } from '@selfsup/trainer/gradients';
import { passOver, type Parts } from '@selfsup/trainer/parts';
import type { StepOutcome, Trainee } from '@selfsup/trainer/trainee';
import { extractionBatch } from '../features/features-config.ts';
import { buildHead } from '../heads/heads.ts';
import { confusionOf, top1 } from '../measures/confusion.ts';
import { trainOnLabels, type TrainingJob } from './training-job.ts';
import { tunedNetwork, type TunedNetwork } from './tuned-network.ts';
import type { TuningConfig } from './tuning-config.ts';

export interface TuningJob extends Omit<TrainingJob, 'testEvery'> {
  readonly config: TuningConfig;
  /** Path of the encoder's checkpoint. */
  readonly checkpoint: string;
  readonly dataset: Dataset;
  /** Images to train on and to test on: indices into the config's splits. */
  readonly trainIndices: Uint32Array;
  readonly testIndices: Uint32Array;
  /** The head's start, order and augmentation are functions of it. */
  readonly key: RandomKey;
  /** Called with the networks and the number of steps after the last epoch, before they are disposed of. */
  readonly finished?: (encoder: LoadedEncoder, head: tf.LayersModel, steps: number) => Promise<void>;
}

export interface TuningOutcome {
  /** Accuracy on the test images after the last epoch and after the best tested one, in percent. */
  readonly top1: number;
  readonly best: number;
  /** `[true class][predicted class]` counts after the last epoch. */
  readonly confusion: number[][];
  /** By epoch: `loss` and `top1`. */
  readonly curve: Curves;
}

/**
 * Trains a head and, unless they are frozen, layers of the encoder on labelled images, and tests them. An interrupted
 * training goes on from the step where it stopped and ends with the same bits. Throws `Interrupted` when asked to stop;
 * `UserError` as `tunedNetwork` does, for images of another size than the encoder's, and where the loss is not finite.
 */
export async function tune(job: TuningJob): Promise<TuningOutcome> {
  const { config, dataset, key } = job;
  const classes = dataset.manifest.classes.length;
  const encoder = await loadEncoder(job.checkpoint);
  let network: TunedNetwork | undefined;
  let loaders: readonly Loader[] = [];
  try {
    loaders = openLoaders(job, encoder);
    const [training, testing] = loaders as [Loader, Loader];
    const tuned = tunedNetwork({
      ...config,
      encoder,
      buildHead: (shape) => buildHead(config, { shape, classes, key, initialiser: config.initialiser }),
    });
    network = tuned;
    let confusion: number[][] = [];
    const trainee: Trainee<Batch> = {
      weights: tuned.state,
      parameterGroups: tuned.parameterGroups,
      measures: { top1: 'max' },
      step: (batch, position) => {
        // A part of a batch has a key of its own.
        const isWhole = config.replicas === 1;
        const own = isWhole ? deriveKey(key, 'dropout', position.step) : deriveKey(position.key, 'dropout');
        return tuningStep(tuned, batch, own);
      },
      async evaluate(parts) {
        confusion = await test(tuned, testing, classes, job, parts);
        return { top1: top1(confusion) };
      },
      state: {
        save: () => ({ tensors: new Map(), json: confusion }),
        load: (_, json) => void (confusion = json as unknown as number[][]),
      },
    };
    const { curve, best } = await trainOnLabels(
      { ...job, testEvery: config.testEvery },
      { trainee, feed: { ...training, cut: cutBatch }, key },
      ['loss'],
      job.trainIndices.length,
      async (steps) => job.finished?.(encoder, tuned.head, steps),
    );
    return { top1: top1(confusion), best: best['top1']!, confusion, curve };
  } finally {
    for (const loader of loaders) await loader.close();
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
      remedy: 'Name a dataset of the size that the encoder was trained on, or use one crop of that size.',
    });
  }
  const common = { dataset, key, workers: config.workers };
  const { batchSize, dropLast, samplesPerEpoch, augment } = config;
  const train = { split: config.train.split, indices: trainIndices, batchSize, dropLast, samplesPerEpoch, augment };
  const view = { batchSize: extractionBatch, augment: measuringView(image, input), dropLast: false };
  return [
    createLoader({ ...common, ...train, share: batchShare(), shuffle: true }),
    createLoader({ ...common, ...view, split: config.test.split, indices: testIndices, shuffle: false }),
  ];
}

/** Forward and backward pass over a batch. Dropout's masks are a function of `key`. */
export function tuningStep(
  network: TunedNetwork,
  { images, labels }: Pick<Batch, 'images' | 'labels'>,
  key: RandomKey,
): StepOutcome {
  setTrainingStep(key);
  const x = network.below(images, labels.length);
  const y = tf.tensor1d(labels, 'int32');
  const variables = network.parameterGroups.flatMap((group) => group.variables);
  const { loss, gradients } = gradientsOf(variables, () => ({
    loss: sparseSoftmaxCrossEntropy(y, network.above(x, true)).mean(),
  }));
  return { losses: { loss }, gradients, samples: labels.length };
}

/** Counts over the test images, a pass in parts. Throws `Interrupted` between batches. */
async function test(network: TunedNetwork, loader: Loader, classes: number, job: TuningJob, parts: Parts) {
  const { extent, signal } = job;
  const { labels, predicted } = await passOver(parts, {
    name: 'test',
    async *batches(from, every) {
      for await (const batch of firstOf(loader.everyOf(0, from, every), extent.batches)) {
        await stopIfAsked(signal, 'Asked to stop between test batches.');
        yield batch;
      }
    },
    measure(batch) {
      const best = compiledStep(() =>
        tf.tidy(() => network.above(network.below(batch.images, batch.labels.length), false).argMax(1)),
      );
      const predicted = best.dataSync() as Int32Array;
      best.dispose();
      return { predicted, labels: batch.labels };
    },
    zero: { labels: [] as number[], predicted: [] as number[] },
    add(all, found) {
      all.predicted.push(...found.predicted);
      all.labels.push(...found.labels);
    },
  });
  return confusionOf(labels, predicted, classes);
}
