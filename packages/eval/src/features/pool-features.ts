import { adaptiveAveragePool, adaptiveMaxPool, averagePool, bilinearResize, maxPool } from '@selfsup/engine/pooling';
import type { tf } from '@selfsup/engine/tensorflow';
import { UserError } from '@selfsup/kit/errors';
import type { Pooling } from './pooling-config.ts';

/**
 * Adds the pooling of a probe to a model: `[batch, height, width, channels]` to `[batch, bins, bins, channels]`.
 * Throws `UserError` for windows larger than the map.
 */
export function poolFeatures(pooling: Pooling, name: string, features: tf.SymbolicTensor): tf.SymbolicTensor {
  if (pooling === 'none') return features;
  if ('adaptiveAverage' in pooling) return adaptiveAveragePool({ name, size: pooling.adaptiveAverage }).apply(features);
  if ('adaptiveMax' in pooling) return adaptiveMaxPool({ name, size: pooling.adaptiveMax }).apply(features);
  if ('resize' in pooling) return bilinearResize({ name, size: pooling.resize }).apply(features);
  const window = 'average' in pooling ? pooling.average : pooling.max;
  const [, height, width] = features.shape as number[];
  if (window.size > Math.min(height as number, width as number) + 2 * window.padding)
    throw new UserError(`A window of ${window.size} does not fit a feature map of ${height} × ${width}`, {
      field: 'pooling',
      remedy: 'Use smaller windows, or adaptive pooling.',
    });
  return 'average' in pooling
    ? averagePool({ name, ...window }).apply(features)
    : maxPool({ name, ...window }).apply(features);
}
