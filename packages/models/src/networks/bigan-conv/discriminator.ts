import { dense } from '@selfsup/engine/layers';
import { tf } from '@selfsup/engine/tensorflow';
import type { RandomKey } from '@selfsup/kit/random';
import { flatten } from '../../building/fully-connected.ts';
import { gaussianInit } from '../../building/layer-init.ts';
import type { ImageShape } from '../../network.ts';
import { convolutionStack, type StackSize } from './stack.ts';

/** See `Adversaries.discriminator`: the stack conditioned on the code, then one linear layer. */
export function buildDiscriminator(
  size: StackSize & { readonly lastStd: number },
  latent: number | undefined,
  image: ImageShape,
  key: RandomKey,
): tf.LayersModel {
  const seen = tf.input({ shape: [image.height, image.width, image.channels], name: 'image' });
  const code = latent === undefined ? undefined : tf.input({ shape: [latent], name: 'code' });
  const flat = flatten(convolutionStack(seen, code, size, key));
  const logit = dense({
    name: 'real_linear',
    units: 1,
    ...gaussianInit(key, size.lastStd)('real_linear', flat.shape[1]!),
  });
  return tf.model({
    inputs: code ? [seen, code] : seen,
    outputs: logit.apply(flat) as tf.SymbolicTensor,
    name: 'discriminator',
  });
}
