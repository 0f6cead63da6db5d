import { bilinearSample } from '@selfsup/engine/bilinear';
import { dense } from '@selfsup/engine/layers';
import { tf } from '@selfsup/engine/tensorflow';
import { deriveKey, type RandomKey } from '@selfsup/kit/random';
import type { Normalisation } from '@selfsup/models/encoder';
import { uniformFanIn } from '@selfsup/models/initialisers';
import type { ImageShape } from '@selfsup/models/network';
import { normalise } from '@selfsup/models/normalise';
import type { TransformGeneratorConfig } from './config.ts';
import { controlPoints, splineMatrix } from './deformation.ts';
import { stridedTrunk } from './strided-trunk.ts';

/** What a generator needs to know of its config. */
export type GeneratorShape = Pick<TransformGeneratorConfig, 'codeSize' | 'cells' | 'shift' | 'colour' | 'width'>;

/** Values at each control point: a shift along both axes, then contrast and brightness of each channel. */
function mapCount({ colour }: GeneratorShape, channels: number): number {
  return 2 + (colour > 0 ? 2 * channels : 0);
}

/**
 * The network of G: from normalised images `[batch, height, width, channels]` to the rates, `[batch, points² · maps ·
 * codeSize]`, at which each part of the code moves each value of each control point.
 */
export function buildGenerator(shape: GeneratorShape, input: ImageShape, key: RandomKey): tf.LayersModel {
  const image = tf.input({ shape: [input.height, input.width, input.channels], name: 'image' });
  const features = stridedTrunk(image, shape.width, deriveKey(key, 'trunk'));
  const units = controlPoints(shape.cells) ** 2 * mapCount(shape, input.channels) * shape.codeSize;
  const linear = dense({
    name: 'rates',
    units,
    kernelInitializer: uniformFanIn(deriveKey(key, 'kernel'), features.shape[1]!),
    biasInitializer: uniformFanIn(deriveKey(key, 'bias'), features.shape[1]!),
  });
  return tf.model({ inputs: image, outputs: linear.apply(features) as tf.SymbolicTensor, name: 'generator' });
}

/** Gives G itself: images `[batch, height, width, channels]` of 0..255 and codes `[batch, codeSize]` to images. */
export function generatorFunction(
  model: tf.LayersModel,
  shape: GeneratorShape,
  { height, width, channels }: ImageShape,
  normalisation: Normalisation,
): (images: tf.Tensor4D, codes: tf.Tensor2D) => tf.Tensor4D {
  const points = controlPoints(shape.cells) ** 2;
  const maps = mapCount(shape, channels);
  const spread = splineMatrix(height, width, shape.cells);
  const reach = [(shape.shift * width) / shape.cells, (shape.shift * height) / shape.cells];

  /** `[batch, height, width, maps]`, in [−1, 1]. */
  const fieldsOf = (images: tf.Tensor4D, codes: tf.Tensor2D): tf.Tensor4D => {
    const batch = images.shape[0];
    const rates = model.apply(normalise(images, normalisation)) as tf.Tensor2D;
    const moved = rates.reshape([batch, points * maps, shape.codeSize]).matMul(codes.expandDims(2));
    const bounded = moved.reshape([batch, points, maps]).tanh().transpose([1, 0, 2]);
    const fields = tf.tensor2d(spread, [height * width, points]).matMul(bounded.reshape([points, batch * maps]));
    return fields
      .reshape([height * width, batch, maps])
      .transpose([1, 0, 2])
      .reshape([batch, height, width, maps]);
  };

  return (images, codes) =>
    tf.tidy(() => {
      const fields = fieldsOf(images, codes);
      const grid = tf.stack(tf.meshgrid(tf.range(0, width), tf.range(0, height)), 2);
      const shifts = fields.slice([0, 0, 0, 0], [-1, -1, -1, 2]);
      const bent = bilinearSample(images, grid.add(shifts.mul(tf.tensor1d(reach))) as tf.Tensor4D);
      if (maps === 2) return bent;
      const [contrast, brightness] = [2, 2 + channels].map((start) =>
        fields.slice([0, 0, 0, start], [-1, -1, -1, channels]),
      ) as [tf.Tensor4D, tf.Tensor4D];
      const lit = bent.mul(contrast.mul(shape.colour).add(1)).add(brightness.mul((255 * shape.colour) / 2));
      return lit.clipByValue(0, 255) as tf.Tensor4D;
    });
}
