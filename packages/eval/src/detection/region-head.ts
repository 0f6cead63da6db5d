import { dense } from '@selfsup/engine/layers';
import { tf } from '@selfsup/engine/tensorflow';
import type { RandomKey } from '@selfsup/kit/random';
import { flatten, fullyConnectedUnit, gaussianInit, heFanInInit } from '@selfsup/models/units';

/** Side of the bins into which a region is pooled. */
export const REGION_BINS = 6;

/** What follows the matrix products of fc6 and fc7: ReLU and dropout as published, or batch norm and ReLU. */
export type HiddenStyle = 'dropout' | 'batch-norm';

interface RegionHeadShape {
  /** The background among them. */
  readonly classes: number;
  /** Of fc6 and of fc7; with 0 there are none. */
  readonly units: number;
  readonly hidden?: HiddenStyle | undefined;
  readonly key: RandomKey;
}

/**
 * The part of Fast R-CNN that looks at one region (Girshick 2015, arXiv:1504.08083, §2): fc6 and fc7 with ReLU and dropout, or
 * batch norm in the place of dropout, where there are any, on pooled regions `[regions, 6, 6, channels]`, then scores `[regions, classes]`, the first that of the
 * background, and offsets `[regions, 4 · classes]`, class by class.
 */
export function regionHead(
  channels: number,
  { classes, units, hidden = 'dropout', key }: RegionHeadShape,
): tf.LayersModel {
  const input = tf.input({ shape: [REGION_BINS, REGION_BINS, channels], name: 'regions' });
  const start = heFanInInit(key);
  const style = hidden === 'dropout' ? 'dropout-after' : hidden;
  let x = flatten(input);
  if (units > 0) for (const name of ['fc6', 'fc7']) x = fullyConnectedUnit(x, { name, units, style, start });
  const linear = (name: string, count: number, std: number): tf.SymbolicTensor =>
    dense({ name, units: count, ...gaussianInit(key, std)(name, x.shape[1]!) }).apply(x) as tf.SymbolicTensor;
  const outputs = [linear('scores', classes, 0.01), linear('offsets', 4 * classes, 0.001)];
  return tf.model({ inputs: input, outputs, name: 'fast-rcnn' });
}
