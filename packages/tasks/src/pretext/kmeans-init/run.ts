import { tf } from '@selfsup/engine/tensorflow';
import { UserError } from '@selfsup/kit/errors';
import { deriveKey, integer, type RandomKey } from '@selfsup/kit/random';
import { balanceLayers } from '@selfsup/models/net-surgery';
import { normalise } from '@selfsup/models/normalise';
import type { TaskContext, TaskInstance } from '../../task.ts';
import type { KmeansInitConfig } from './config.ts';
import { drawPatches, patchFilters } from './patch-filters.ts';

/** Images that are held, with all that a layer makes of them, at once. */
const MOST_IMAGES = 2048;
/** Mean of a channel afterwards, deviation 1. */
const OFFSET = 0.1;
/** Images on which layers are balanced, at most. */
const BALANCED_ON = 16;

/** The encoder of the context, initialised from its training images. Throws `UserError` for too many of them. */
export async function createKmeansInit(context: TaskContext<KmeansInitConfig>): Promise<TaskInstance> {
  const encoder = context.buildEncoder();
  const images = await trainingImages(context);
  const few = images.slice(0, Math.min(BALANCED_ON, images.shape[0]));
  await initialise(encoder, images, {
    ...context.config,
    key: context.key('kmeans-init'),
    signal: context.signal,
    onLayer: (name) => context.progress.note(`Initialised ${name}`),
  });
  if (context.config.balance) {
    const { before, after, rounds } = balanceLayers([encoder], few, context.key('balance'), 'task.balance');
    const times = (value: number): string => value.toPrecision(3);
    context.progress.note(`Balanced in ${rounds} rounds: rates differ ${times(after)} times, ${times(before)} before`);
  }
  few.dispose();
  return {
    models: { encoder },
    parameterGroups: [],
    measures: {},
    step: () => {
      throw new Error('k-means initialisation does not train.');
    },
  };
}

async function trainingImages(context: TaskContext<KmeansInitConfig>): Promise<tf.Tensor4D> {
  const count = context.trainingIndices.length;
  if (count > MOST_IMAGES)
    throw new UserError(`k-means initialisation looks at all ${count} images at once`, {
      field: 'data.subset',
      remedy: 'Take few images, such as the 160 of the published recipe: "subset": { "count": 160 }.',
    });
  const { height, width, channels } = context.input;
  const pixels = new Uint8Array(count * height * width * channels);
  let at = 0;
  for await (const { images } of context.trainingBatches()) {
    pixels.set(images, at);
    at += images.length;
  }
  return tf.tidy(() =>
    normalise(tf.tensor4d(pixels, [count, height, width, channels], 'int32'), context.normalisation),
  );
}

export interface InitialiseOptions extends Omit<KmeansInitConfig, 'balance'> {
  readonly key: RandomKey;
  readonly signal?: AbortSignal;
  readonly onLayer?: (name: string) => void;
}

/**
 * Initialises the trainable convolutions of an encoder one after the other, each on what those before it now make of the
 * images `[batch, height, width, channels]` (normalised; disposed). Filters come from patches of a layer's input. Then each channel is
 * divided by its deviation over images and cells and its bias set so that its mean is 0.1. A convolution without bias hands
 * mean and deviation to the batch norm behind it: as its moving statistics, and 0.1 as its offset.
 */
export async function initialise(
  encoder: tf.LayersModel,
  images: tf.Tensor4D,
  options: InitialiseOptions,
): Promise<void> {
  for (const layer of encoder.layers) {
    const isConvolution = ['Conv2D', 'GroupedConv2D'].includes(layer.getClassName());
    if (!isConvolution || layer.trainableWeights.length === 0) continue;
    const [kernel, ...biases] = layer.getWeights() as [tf.Tensor4D, ...tf.Tensor[]];
    const filters =
      options.filters === 'random'
        ? (kernel.dataSync() as Float32Array)
        : await kernelFor(encoder, layer, images, options);
    const shape = kernel.shape;
    setWeights(layer, [[filters, shape], ...biases.map((bias) => [new Float32Array(bias.size), bias.shape] as const)]);
    rescale(encoder, layer, images, filters, shape);
    options.onLayer?.(layer.name);
  }
  images.dispose();
}

/** A kernel `[rows, columns, channels, filters]` of centroids, group by group. */
async function kernelFor(
  encoder: tf.LayersModel,
  layer: tf.layers.Layer,
  images: tf.Tensor4D,
  options: InitialiseOptions,
): Promise<Float32Array> {
  const kernel = layer.getWeights()[0]!;
  const [height, width, channels, filters] = kernel.shape as [number, number, number, number];
  const input = run(encoder, layer.input as tf.SymbolicTensor, images);
  const maps = { values: input.dataSync() as Float32Array, shape: input.shape as [number, number, number, number] };
  input.dispose();
  const groups = maps.shape[3] / channels;
  const inGroup = filters / groups;
  const values = new Float32Array(kernel.size);
  for (let group = 0; group < groups; group++) {
    const key = deriveKey(options.key, layer.name, group);
    const size = { height, width, firstChannel: group * channels, channels };
    const patches = drawPatches(maps, size, options.patches, key);
    const length = height * width * channels;
    const found = await patchFilters(patches, length, {
      filters: inGroup,
      iterations: options.iterations,
      seed: integer(deriveKey(key, 'k-means'), 2 ** 31),
      ...(options.signal && { signal: options.signal }),
    });
    for (let filter = 0; filter < inGroup; filter++)
      for (let i = 0; i < length; i++) values[i * filters + group * inGroup + filter] = found[filter * length + i]!;
  }
  return values;
}

/** Brings what the layer makes of the images to mean 0.1 and deviation 1 in each channel, its bias being 0 so far. */
function rescale(
  encoder: tf.LayersModel,
  layer: tf.layers.Layer,
  images: tf.Tensor4D,
  filters: Float32Array,
  shape: readonly number[],
): void {
  const output = run(encoder, layer.output as tf.SymbolicTensor, images);
  const [mean, deviation] = tf.tidy(() => {
    const moments = tf.moments(output, [0, 1, 2]);
    return [moments.mean.dataSync() as Float32Array, moments.variance.sqrt().dataSync() as Float32Array] as const;
  });
  output.dispose();
  // A channel that does not vary is left as it is.
  const divisor = deviation.map((value) => (value > 1e-8 ? value : 1));
  const channels = mean.length;
  const scaled = filters.map((value, i) => value / divisor[i % channels]!);
  const means = mean.map((value, i) => value / divisor[i]!);
  if (layer.getWeights().length > 1) {
    const bias = means.map((value) => OFFSET - value);
    setWeights(layer, [
      [scaled, shape],
      [bias, [channels]],
    ]);
    return;
  }
  setWeights(layer, [[scaled, shape]]);
  const norm = encoder.layers.find(
    (other) =>
      other.getClassName() === 'BatchNormalization' &&
      (other.input as tf.SymbolicTensor).id === (layer.output as tf.SymbolicTensor).id,
  );
  if (norm === undefined) return;
  const known: Record<string, Float32Array> = {
    beta: new Float32Array(channels).fill(OFFSET),
    moving_mean: means,
    moving_variance: new Float32Array(channels).fill(1),
  };
  for (const weight of norm.weights) {
    const values = known[weight.originalName.split('/').at(-1)!];
    if (values !== undefined) tf.tidy(() => void weight.write(tf.tensor1d(values)));
  }
}

/** A tensor of the model for these images, in inference mode. */
function run(encoder: tf.LayersModel, output: tf.SymbolicTensor, images: tf.Tensor4D): tf.Tensor {
  if (output.sourceLayer.getClassName() === 'InputLayer') return images.clone();
  // `predict` would go through the images in pieces of 32; one batch gives the same and all of them fit.
  return tf.tidy(() => tf.model({ inputs: encoder.inputs, outputs: output }).predictOnBatch(images) as tf.Tensor);
}

function setWeights(layer: tf.layers.Layer, weights: readonly (readonly [Float32Array, readonly number[]])[]): void {
  tf.tidy(() => layer.setWeights(weights.map(([values, shape]) => tf.tensor(values, [...shape]))));
}
