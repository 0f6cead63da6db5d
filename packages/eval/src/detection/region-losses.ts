import { sparseSoftmaxCrossEntropy } from '@selfsup/engine/losses';
import { tf } from '@selfsup/engine/tensorflow';

/** What regions should be taken for. */
export interface RegionTargets {
  /** The class of each, 0 for background, `[regions]`; standardised offsets to its object, `[regions, 4]`. */
  readonly labels: Int32Array;
  readonly offsets: Float32Array;
  /** 1 for regions that count, 0 for those that fill up, `[regions]`. */
  readonly counts: Float32Array;
}

/** d² · sigma² / 2 up to 1 / sigma², |d| − 1 / (2 · sigma²) beyond: Fast R-CNN's smooth L1 distance, element by element. */
export function smoothL1(found: tf.Tensor, wanted: tf.Tensor, sigma = 1): tf.Tensor {
  const distance = found.sub(wanted).abs();
  const edge = 1 / sigma ** 2;
  const near = distance.minimum(edge);
  return near.mul(distance.sub(near.div(2))).div(edge);
}

/**
 * The losses of a region head: cross entropy of its scores `[regions, classes]`, and the smooth L1 distance of objects'
 * regions for their class of its offsets `[regions, 4 · classes]`, summed over the four; both averaged over all regions that
 * count (Girshick 2015, arXiv:1504.08083, §2.3).
 */
export function regionLosses(
  scores: tf.Tensor2D,
  offsets: tf.Tensor2D,
  wanted: RegionTargets,
): { readonly classification: tf.Scalar; readonly boxes: tf.Scalar } {
  const { labels, counts } = wanted;
  const regions = Math.max(
    1,
    counts.reduce((sum, one) => sum + one, 0),
  );
  const { targets, weights } = dense(wanted, scores.shape[1]);
  const entropies = sparseSoftmaxCrossEntropy(tf.tensor1d(labels, 'int32'), scores).mul(tf.tensor1d(counts));
  const distances = smoothL1(offsets, targets).mul(weights);
  const [classification, boxes] = [entropies, distances].map((all) => all.sum().div<tf.Scalar>(regions));
  return { classification: classification!, boxes: boxes! };
}

/** Offsets for every class, of which only those of an object's region for its own class count: `[regions, 4 · classes]`. */
function dense(
  { labels, offsets, counts }: RegionTargets,
  classes: number,
): { targets: tf.Tensor2D; weights: tf.Tensor2D } {
  const [targets, weights] = [0, 1].map(() => new Float32Array(4 * labels.length * classes)) as [
    Float32Array,
    Float32Array,
  ];
  labels.forEach((label, region) => {
    if (label === 0 || counts[region] === 0) return;
    const at = 4 * (region * classes + label);
    targets.set(offsets.subarray(4 * region, 4 * region + 4), at);
    weights.fill(1, at, at + 4);
  });
  const shape: [number, number] = [labels.length, 4 * classes];
  return { targets: tf.tensor2d(targets, shape), weights: tf.tensor2d(weights, shape) };
}
