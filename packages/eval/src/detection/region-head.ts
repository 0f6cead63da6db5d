import { dense } from '@selfsup/engine/layers';
import { tf } from '@selfsup/engine/tensorflow';
import type { RandomKey } from '@selfsup/kit/random';
import { flatten, fullyConnectedUnit, gaussianInit, heFanInInit } from '@selfsup/models/units';

/** Side of the bins into which a region is pooled. */
export const REGION_BINS = 6;

/**
 * The part of Fast R-CNN that looks at one region (Girshick 2015, arXiv:1504.08083, §2): fc6 and fc7 with ReLU and dropout, where
 * there are any, on pooled regions `[regions, 6, 6, channels]`, then scores `[regions, classes]`, the first that of the
 * background, and offsets `[regions, 4 · classes]`, class by class.
 */
export function regionHead(
  channels: number,
  { classes, units, key }: { readonly classes: number; readonly units: number; readonly key: RandomKey },
): tf.LayersModel {
  const input = tf.input({ shape: [REGION_BINS, REGION_BINS, channels], name: 'regions' });
  const start = heFanInInit(key);
  let x = flatten(input);
  if (units > 0)
    for (const name of ['fc6', 'fc7']) x = fullyConnectedUnit(x, { name, units, style: 'dropout-after', start });
  const linear = (name: string, count: number, std: number): tf.SymbolicTensor =>
    dense({ name, units: count, ...gaussianInit(key, std)(name, x.shape[1]!) }).apply(x) as tf.SymbolicTensor;
  const outputs = [linear('scores', classes, 0.01), linear('offsets', 4 * classes, 0.001)];
  return tf.model({ inputs: input, outputs, name: 'fast-rcnn' });
}
