import { dense } from '@selfsup/engine/layers';
import { tf } from '@selfsup/engine/tensorflow';
import type { RandomKey } from '@selfsup/kit/random';
import { flatten } from './fully-connected.ts';
import type { FeatureShape } from './heads.ts';
import { gaussianInit } from './layer-init.ts';

/**
 * The last layer of BiGAN's encoder: a feature map `[batch, height, width, channels]`, flattened, to the logits
 * `[batch, latent]` of a code (see `codeOf`). Linear without bias, weights N(0, 0.02).
 */
export function codeHead(features: FeatureShape, latent: number, key: RandomKey): tf.LayersModel {
  const input = tf.input({ shape: [...features], name: 'features' });
  const flat = flatten(input);
  const start = gaussianInit(key, 0.02)('code', flat.shape[1]!);
  const logits = dense({ name: 'code', units: latent, useBias: false, ...start }).apply(flat) as tf.SymbolicTensor;
  return tf.model({ inputs: input, outputs: logits, name: 'code' });
}

/** Logits `[batch, latent]` as codes in (-1, 1), the support of the prior: 2·sigmoid − 1. */
export function codeOf(logits: tf.Tensor): tf.Tensor2D {
  return logits.sigmoid().mul(2).sub(1) as tf.Tensor2D;
}
