import type { tf } from '@selfsup/engine/tensorflow';
import { UserError } from '@selfsup/kit/errors';
import { allFinite } from '@selfsup/kit/numbers';
import type { LoadedEncoder } from '@selfsup/models/encoder';

/** Kernels as they meet the image. */
export interface ImageKernels {
  /** The convolution that learns them. */
  readonly layer: string;
  /** `[height, width, channels, filters]`. */
  readonly shape: readonly [number, number, number, number];
  readonly values: Float32Array;
}

/**
 * The kernels of the first convolution that is trained. Fixed convolutions of stride 1 before it (Sobel) are multiplied
 * into it: both are linear, so away from the border the result is the kernel that the image meets. Channels whose weights
 * are all alike, as behind a mean of colours, become one.
 *
 * Throws `UserError` naming the first layer where that is no convolution on the image, and for weights that are not finite.
 */
export function imageKernels({ model, network }: Pick<LoadedEncoder, 'model' | 'network'>): ImageKernels {
  let front: ImageKernels | undefined;
  for (const layer of model.layers) {
    const kind = layer.getClassName();
    if (kind === 'InputLayer' || kind === 'ZeroPadding2D') continue;
    if (kind !== 'Conv2D' && kind !== 'GroupedConv2D')
      throw refuse(`the first layer of '${network.name}' is '${layer.name}', of the kind ${kind}`);
    const own = kernelsOf(layer);
    const kernels = front === undefined ? own : composed(front, own);
    if (layer.trainable) return oneGrey(kernels);
    if ((layer.getConfig()['strides'] as number[]).some((stride) => stride !== 1))
      throw refuse(`'${layer.name}' of '${network.name}' is fixed and skips pixels`);
    front = kernels;
  }
  throw refuse(`'${network.name}' has no convolution that is trained`);
}

function refuse(why: string): UserError {
  return new UserError(`There are no first-layer filters to show: ${why}`, {
    field: 'needs.encoder',
    remedy: 'Name an encoder that begins with a convolution on the image.',
  });
}

function kernelsOf(layer: tf.layers.Layer): ImageKernels {
  const kernel = layer.weights[0]!.read() as tf.Tensor4D;
  const values = kernel.dataSync<'float32'>().slice();
  if (!allFinite(values))
    throw new UserError(`The kernels of '${layer.name}' hold NaN or infinity`, {
      field: 'needs.encoder',
      remedy: 'Look for a diverged training.',
    });
  return { layer: layer.name, shape: kernel.shape, values };
}

/** One kernel for two that follow each other: their full convolution, summed over the channels between them. */
function composed(first: ImageKernels, second: ImageKernels): ImageKernels {
  const [firstHeight, firstWidth, channels, between] = first.shape;
  const [secondHeight, secondWidth, given, filters] = second.shape;
  if (given !== between) throw refuse(`'${second.layer}' sees its input in groups of channels`);
  const [height, width] = [firstHeight + secondHeight - 1, firstWidth + secondWidth - 1];
  const values = new Float32Array(height * width * channels * filters);
  for (let y = 0; y < secondHeight; y++)
    for (let x = 0; x < secondWidth; x++)
      for (let u = 0; u < firstHeight; u++)
        for (let v = 0; v < firstWidth; v++)
          for (let c = 0; c < channels; c++)
            for (let d = 0; d < between; d++) {
              const weight = first.values[((u * firstWidth + v) * channels + c) * between + d] as number;
              const from = ((y * secondWidth + x) * between + d) * filters;
              const to = (((y + u) * width + x + v) * channels + c) * filters;
              for (let f = 0; f < filters; f++) values[to + f]! += weight * (second.values[from + f] as number);
            }
  return { layer: `${second.layer} on ${first.layer}`, shape: [height, width, channels, filters], values };
}

/** Channels that are all alike as their sum: the kernel on the image's grey. */
function oneGrey(kernels: ImageKernels): ImageKernels {
  const { layer, shape, values } = kernels;
  const [height, width, channels, filters] = shape;
  const first = (i: number): number => i - (Math.floor(i / filters) % channels) * filters;
  if (channels === 1 || values.some((value, i) => value !== values[first(i)])) return kernels;
  const grey = Float32Array.from(
    { length: height * width * filters },
    (_, i) => channels * (values[Math.floor(i / filters) * channels * filters + (i % filters)] as number),
  );
  return { layer, shape: [height, width, 1, filters], values: grey };
}
