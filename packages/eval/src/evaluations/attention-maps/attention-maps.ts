import type { StageModule } from '@selfsup/kit/stage';
import { schema, type AttentionMapsConfig } from './config.ts';

/**
 * Where a network looks: at each cell of a layer Σ over channels of |activation|^p, for copies of each image in all four
 * rotations. The pictures are grouped by layer and captioned by image, so that reports set those of several encoders side
 * by side; the blobs `maps-<layer>` hold the maps as NumPy files `[images, rotations, height, width]`. The metric is
 * `attention/power-<p>/<layer>/rotation-correlation`: how far the maps turn with the image, 1 being wholly.
 */
const stage: StageModule<AttentionMapsConfig> = {
  schema,
  roles: ['encoder', 'dataset'],
  // TensorFlow is loaded only to run: schemas are read by tools that must start at once.
  run: async (context) => (await import('./run.ts')).drawAttention(context),
};
export default stage;
