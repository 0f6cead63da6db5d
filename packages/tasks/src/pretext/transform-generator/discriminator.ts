import { dense } from '@selfsup/engine/layers';
import { tf } from '@selfsup/engine/tensorflow';
import { deriveKey, type RandomKey } from '@selfsup/kit/random';
import { uniformFanIn } from '@selfsup/models/initialisers';
import type { ImageShape } from '@selfsup/models/network';
import { stridedTrunk } from './strided-trunk.ts';

/**
 * D: normalised images `[batch, height, width, channels]` to `[batch, 1]`, above 0 for those that it takes for real.
 */
export function buildDiscriminator(input: ImageShape, width: number, key: RandomKey): tf.LayersModel {
  const image = tf.input({ shape: [input.height, input.width, input.channels], name: 'image' });
  const features = stridedTrunk(image, width, deriveKey(key, 'trunk'));
  const linear = dense({
    name: 'linear',
    units: 1,
    kernelInitializer: uniformFanIn(deriveKey(key, 'kernel'), features.shape[1]!),
    biasInitializer: uniformFanIn(deriveKey(key, 'bias'), features.shape[1]!),
  });
  return tf.model({ inputs: image, outputs: linear.apply(features) as tf.SymbolicTensor, name: 'discriminator' });
}
