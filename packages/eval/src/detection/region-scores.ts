import { compiledStep } from '@selfsup/engine/compiled-step';
import { regionMaxPool } from '@selfsup/engine/pooling';
import { tf } from '@selfsup/engine/tensorflow';
import type { FeatureMaps } from './feature-maps.ts';
import type { ScaledImages } from './scaled-images.ts';

/** Regions that go through the head at once where nothing is trained. */
const REGIONS_AT_ONCE = 256;

/** What a region head says of regions. */
export interface RegionScores {
  /** Probabilities, `[regions, classes]`, the first that of the background. */
  readonly probabilities: Float32Array;
  /** Standardised offsets, `[regions, 4 · classes]`. */
  readonly offsets: Float32Array;
}

/** What a head says of regions of one image: inclusive corners in the pixels of its frame, and the frame's map. */
export function regionScores(
  maps: FeatureMaps,
  head: tf.LayersModel,
  { images, map, corners }: { images: ScaledImages; map: tf.Tensor4D; corners: readonly number[] },
): RegionScores {
  const regions = corners.length / 4;
  const classes = head.outputs[0]!.shape[1]!;
  const found = {
    probabilities: new Float32Array(regions * classes),
    offsets: new Float32Array(4 * regions * classes),
  };
  for (let start = 0; start < regions; start += REGIONS_AT_ONCE) {
    const here = Math.min(REGIONS_AT_ONCE, regions - start);
    const own = [
      ...corners.slice(4 * start, 4 * (start + here)),
      ...new Array<number>(4 * (REGIONS_AT_ONCE - here)).fill(0),
    ];
    const cells = maps.cells(images, own, new Array<number>(REGIONS_AT_ONCE).fill(0));
    const [probabilities, offsets] = compiledStep(() =>
      tf.tidy((): [tf.Tensor, tf.Tensor] => {
        const [scores, offsets] = head.apply(regionMaxPool(map, cells), { training: false }) as tf.Tensor2D[];
        return [tf.softmax(scores!), offsets!];
      }),
    );
    found.probabilities.set(probabilities.dataSync<'float32'>().subarray(0, here * classes), start * classes);
    found.offsets.set(offsets.dataSync<'float32'>().subarray(0, 4 * here * classes), 4 * start * classes);
    tf.dispose([probabilities, offsets]);
  }
  return found;
}
