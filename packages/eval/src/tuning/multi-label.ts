import type { Augment } from '@selfsup/data/augment';
import type { Dataset } from '@selfsup/data/dataset';
import { createLoader, type Batch, type Loader } from '@selfsup/data/loader';
import { compiledStep } from '@selfsup/engine/compiled-step';
import { pixelTensor } from '@selfsup/engine/device-tensor';
import { sigmoidCrossEntropy } from '@selfsup/engine/losses';
import { tf } from '@selfsup/engine/tensorflow';
import { deriveKey, type RandomKey } from '@selfsup/kit/random';
import { firstOf, stopIfAsked } from '@selfsup/kit/stage';
import type { Json } from '@selfsup/models/checkpoint';
import { normalise } from '@selfsup/models/normalise';
import { modelWeights, type NamedVariable } from '@selfsup/models/weights';
import type { Curves } from '@selfsup/trainer/curve';
import { clippedToNorm, gradientsOf } from '@selfsup/trainer/gradients';
import type { ParameterGroup, StepOutcome, Trainee } from '@selfsup/trainer/trainee';
import { extractionBatch } from '../features/features-config.ts';
import type { PrecisionCurve } from '../measures/average-precision.ts';
import { meanPrecisions } from '../measures/presence.ts';
import { LAST } from './multi-label-head.ts';
import { trainOnLabels, type TrainingJob } from './training-job.ts';
import { isBias, type Trunk } from './trunk.ts';

/** A network that says for each class whether an image shows it. */
export interface MultiLabelNetwork {
  readonly trunk: Trunk;
  /** From the trunk's feature map to logits `[batch, classes]`. */
  readonly head: tf.LayersModel;
  readonly trained: 'fc8' | 'fc6-8' | 'all';
}

/** Some images of a split, and what they show. */
export interface LabelledImages {
  readonly split: string;
  readonly indices: Uint32Array;
  /** `[images, classes]`, as `presenceIn` gives it. */
  readonly presence: Int32Array;
}

export interface MultiLabelJob extends TrainingJob {
  readonly network: MultiLabelNetwork;
  readonly dataset: Dataset;
  readonly train: LabelledImages;
  readonly test: LabelledImages;
  /** View of a training image, and of each of the crops of a test image. */
  readonly augment: Augment;
  /** Views of each test image, over which its logits are added up. */
  readonly crops: number;
  readonly clipNorm: number;
  /** What the learning rate is multiplied by for biases. */
  readonly biases: number;
  readonly workers: number;
  /** Order, views and dropout are functions of it. */
  readonly key: RandomKey;
  /**
   * Changes weights by the first training batch before training. When going on too, where the live checkpoint then has the last
   * word.
   */
  readonly prepare?: ((images: tf.Tensor4D) => void) | undefined;
  /** Called with the number of steps after the last epoch. */
  readonly finished?: (steps: number) => Promise<void>;
}

/** Mean average precisions over the classes that a test image shows, in [0, 1], and that of each class, null where none does. */
export interface MultiLabelScores {
  readonly map: number;
  readonly elevenPoints: number;
  readonly envelope: number;
  readonly ofClasses: readonly (number | null)[];
  readonly curves: readonly PrecisionCurve[];
  /** Test images that were looked at. */
  readonly images: number;
}

/**
 * Trains on images with several labels and tests on random crops. An interrupted training goes on from the step where it
 * stopped and ends with the same bits. Throws as `trainOnLabels` does.
 */
export async function tuneMultiLabel(job: MultiLabelJob): Promise<{ scores: MultiLabelScores; curve: Curves }> {
  const { network, train, key } = job;
  const classes = job.dataset.manifest.classes.length;
  const [training, testing] = openLoaders(job);
  let scores: MultiLabelScores | undefined;
  const trainee: Trainee<Batch> = {
    weights: [
      ...(network.trained === 'all' ? modelWeights('encoder', network.trunk.model) : []),
      ...headWeights(network),
    ],
    parameterGroups: multiLabelGroups(network, job),
    measures: { map: 'max' },
    step: (batch) => multiLabelStep(network, batch.images, targetsOf(batch, train, classes), job.clipNorm),
    async evaluate() {
      scores = await test(job, testing, classes);
      return { map: 100 * scores.map };
    },
    state: {
      save: () => ({ tensors: new Map(), json: (scores ?? null) as unknown as Json }),
      load: (_, json) => void (scores = (json as unknown as MultiLabelScores | null) ?? undefined),
    },
  };
  try {
    if (job.prepare !== undefined) await prepareOn(training, network, job.prepare);
    const { curve } = await trainOnLabels(
      job,
      { trainee, feed: training, key },
      ['loss'],
      train.indices.length,
      job.finished,
    );
    return { scores: scores!, curve };
  } finally {
    await training.close();
    await testing.close();
  }
}

function headWeights({ head }: MultiLabelNetwork, trainableOnly = false): NamedVariable[] {
  return modelWeights('head', head, trainableOnly);
}

/** All that is trained; biases, offsets of a folded batch norm among them, learn `biases` times as fast. */
export function multiLabelGroups(
  network: MultiLabelNetwork,
  { biases }: { readonly biases: number },
): ParameterGroup[] {
  const all = trainedVariables(network);
  if (biases === 1) return [{ name: 'weights', variables: all }];
  const groups = [
    { name: 'weights', variables: all.filter((one) => !isBias(network.trunk, one)) },
    { name: 'biases', variables: all.filter((one) => isBias(network.trunk, one)), rate: biases },
  ];
  return groups.filter(({ variables }) => variables.length > 0);
}

function trainedVariables(network: MultiLabelNetwork): NamedVariable[] {
  const head = headWeights(network, true);
  if (network.trained === 'fc8') return head.filter(({ name }) => name.startsWith(`head/${LAST}/`));
  return network.trained === 'all' ? [...network.trunk.variables, ...head] : head;
}

/** What a batch shows, `[batch, classes]`: targets, and 0 for weights where a class is only difficult. */
interface Targets {
  readonly shown: Float32Array;
  readonly weights: Float32Array;
}

function targetsOf({ indices }: Batch, { indices: all, presence }: LabelledImages, classes: number): Targets {
  const rows = Array.from(indices, (index) => all.indexOf(index));
  const flags = rows.flatMap((row) => Array.from(presence.subarray(row * classes, (row + 1) * classes)));
  return {
    shown: Float32Array.from(flags, (flag) => (flag === 1 ? 1 : 0)),
    weights: Float32Array.from(flags, (flag) => (flag === 0 ? 0 : 1)),
  };
}

/**
 * Forward and backward pass over images `[batch, height, width, channels]` of 0..255: sigmoid cross entropy, summed over the
 * classes, without those that are only difficult, and averaged over the images; gradients are clipped together.
 */
export function multiLabelStep(
  network: MultiLabelNetwork,
  images: Uint8Array,
  { shown, weights }: Targets,
  clipNorm: number,
): StepOutcome {
  const { trunk, head, trained } = network;
  const classes = head.outputs[0]!.shape[1]!;
  const samples = shown.length / classes;
  const x = pixelsOf(trunk, images, samples);
  const frozen = trained === 'all' ? undefined : (trunk.model.predictOnBatch(x) as tf.Tensor);
  const [targets, counts] = [shown, weights].map((values) => tf.tensor2d(values, [samples, classes]));
  const { loss, gradients } = gradientsOf(trainedVariables(network), () => {
    const features = frozen ?? (trunk.model.apply(x, { training: trunk.training }) as tf.Tensor);
    const logits = head.apply(features, { training: true }) as tf.Tensor2D;
    return { loss: sigmoidCrossEntropy(targets!, logits).mul(counts!).sum().div<tf.Scalar>(samples) };
  });
  return { losses: { loss }, gradients: clippedToNorm(gradients, clipNorm), samples };
}

function pixelsOf({ input, normalisation }: Trunk, images: Uint8Array, samples: number): tf.Tensor4D {
  return normalise(pixelTensor(images, [samples, input.height, input.width, input.channels]), normalisation);
}

function openLoaders(job: MultiLabelJob): [training: Loader, testing: Loader] {
  const { dataset, train, test, augment, crops, workers, key, config } = job;
  const { batchSize, samplesPerEpoch } = config;
  const common = { dataset, augment, workers };
  const views = Uint32Array.from(
    { length: test.indices.length * crops },
    (_, i) => test.indices[Math.floor(i / crops)]!,
  );
  const perTest = Math.max(1, Math.floor(extractionBatch / crops)) * crops;
  const own = { split: train.split, indices: train.indices, batchSize, dropLast: true, samplesPerEpoch };
  return [
    createLoader({ ...common, ...own, key, shuffle: true }),
    createLoader({
      ...{ ...common, split: test.split, indices: views, batchSize: perTest, dropLast: false, shuffle: false },
      key: deriveKey(key, 'test'), // the same crops at each test
    }),
  ];
}

async function prepareOn(
  training: Loader,
  { trunk }: MultiLabelNetwork,
  prepare: (images: tf.Tensor4D) => void,
): Promise<void> {
  for await (const { images, labels } of firstOf(training.epoch(0), 1)) {
    const x = tf.tidy(() => pixelsOf(trunk, images, labels.length));
    prepare(x);
    x.dispose();
  }
}

/** Adds up the logits of each image's crops and ranks the images. Throws `Interrupted` between batches. */
async function test(job: MultiLabelJob, loader: Loader, classes: number): Promise<MultiLabelScores> {
  const { network, crops, extent, signal } = job;
  const { trunk, head } = network;
  const sums = new Float32Array(job.test.presence.length);
  let seen = 0;
  for await (const { images, labels } of firstOf(loader.epoch(0), extent.batches)) {
    await stopIfAsked(signal, 'Asked to stop between test batches.');
    const logits = compiledStep(() =>
      tf.tidy(() => {
        const features = trunk.model.predictOnBatch(pixelsOf(trunk, images, labels.length)) as tf.Tensor;
        return head.apply(features, { training: false }) as tf.Tensor2D;
      }),
    );
    const values = logits.dataSync<'float32'>();
    logits.dispose();
    values.forEach((value, at) => {
      sums[Math.floor((seen + Math.floor(at / classes)) / crops) * classes + (at % classes)]! += value;
    });
    seen += labels.length;
  }
  const images = seen / crops;
  const [scores, presence] = [sums, job.test.presence].map((all) => all.subarray(0, images * classes));
  const found = meanPrecisions(scores as Float32Array, presence as Int32Array, classes);
  return { ...found, ofClasses: found.ofClasses.map((value) => (Number.isNaN(value) ? null : value)), images };
}
