import { dense } from '@selfsup/engine/layers';
import { deviceNormal } from '@selfsup/engine/platform';
import { tf } from '@selfsup/engine/tensorflow';
import type { RandomKey } from '@selfsup/kit/random';
import { constant } from '@selfsup/models/initialisers';

const STD = 0.01;

/** The linear layer that tells clusters apart: vectors `[batch, width]` to logits `[batch, clusters]`. Begins with zeros. */
export function clusterHead(width: number, clusters: number): tf.LayersModel {
  const vector = tf.input({ shape: [width], name: 'vector' });
  const zeros = { kernelInitializer: constant(0), biasInitializer: constant(0) };
  const logits = dense({ name: 'linear', units: clusters, ...zeros }).apply(vector) as tf.SymbolicTensor;
  return tf.model({ inputs: vector, outputs: logits, name: 'head' });
}

/** Begins a head anew, cluster numbers having changed: weights N(0, 0.01), no bias. */
export function refresh(head: tf.LayersModel, key: RandomKey): void {
  const linear = head.getLayer('linear');
  const [kernel, bias] = linear.getWeights().map(({ shape }) => shape) as [number[], number[]];
  tf.tidy(() => linear.setWeights([deviceNormal(key, kernel, 0, STD), tf.zeros(bias)]));
}
