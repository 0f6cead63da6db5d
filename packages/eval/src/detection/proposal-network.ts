import { groupedConv2d } from '@selfsup/engine/layers';
import { sparseSoftmaxCrossEntropy } from '@selfsup/engine/losses';
import { tf } from '@selfsup/engine/tensorflow';
import type { RandomKey } from '@selfsup/kit/random';
import { convolutionUnit, gaussianInit } from '@selfsup/models/units';
import type { AnchorTargets } from './anchor-sampling.ts';
import { smoothL1 } from './region-losses.ts';

interface ProposalNetworkShape {
  /** Of the map that it looks at. */
  readonly channels: number;
  /** Of its own convolution: 256 on ZF and AlexNet, 512 on VGG. */
  readonly filters: number;
  /** Anchors about each unit. */
  readonly anchors: number;
  readonly key: RandomKey;
}

/**
 * The region proposal network (Ren et al. 2015, arXiv:1506.01497, §3.1): a convolution of 3 × 3 with ReLU over a map `[1, rows,
 * columns, channels]`, then at each unit, for each anchor, two scores and four offsets: `[1, rows, columns, 2 · anchors]`, the
 * first of a pair that of the background, and `[1, rows, columns, 4 · anchors]`. All weights begin as N(0, 0.01), biases 0.
 */
export function proposalNetwork({ channels, filters, anchors, key }: ProposalNetworkShape): tf.LayersModel {
  const input = tf.input({ shape: [null, null, channels], name: 'map' });
  const start = gaussianInit(key, 0.01);
  const unit = { name: 'rpn', filters, kernelSize: 3, padding: 1, bias: true, start };
  const x = convolutionUnit(input, unit);
  const pointwise = (name: string, count: number): tf.SymbolicTensor =>
    groupedConv2d({ name, filters: count, kernelSize: 1, groups: 1, useBias: true, ...start(name, filters) }).apply(
      x,
    ) as tf.SymbolicTensor;
  const outputs = [pointwise('rpn_scores', 2 * anchors), pointwise('rpn_offsets', 4 * anchors)];
  return tf.model({ inputs: input, outputs, name: 'proposals' });
}

/** What a proposal network says of all anchors of an image: scores `[anchors, 2]` and offsets `[anchors, 4]`. */
export interface ProposalOutputs {
  readonly scores: tf.Tensor2D;
  readonly offsets: tf.Tensor2D;
}

/** Applies a proposal network to the map of one image. */
export function proposalOutputs(network: tf.LayersModel, map: tf.Tensor4D, training: boolean): ProposalOutputs {
  const [scores, offsets] = network.apply(map, { training }) as tf.Tensor4D[];
  return { scores: scores!.reshape([-1, 2]), offsets: offsets!.reshape([-1, 4]) };
}

/**
 * The losses of a proposal network: cross entropy of the drawn anchors, and the smooth L1 distance (σ = 3) of those of objects,
 * summed over the four offsets; both over the number of drawn anchors, as Faster R-CNN was released. (The paper's §3.1.2 has
 * the latter over the number of units, times 10, which is about as much.)
 */
export function proposalLosses(
  { scores, offsets }: ProposalOutputs,
  wanted: AnchorTargets,
): { readonly objectness: tf.Scalar; readonly anchors: tf.Scalar } {
  const drawn = Math.max(
    1,
    wanted.counts.reduce((sum, one) => sum + one, 0),
  );
  const own = wanted.counts.map((count, i) => count * wanted.labels[i]!);
  const entropies = sparseSoftmaxCrossEntropy(tf.tensor1d(wanted.labels, 'int32'), scores);
  const distances = smoothL1(offsets, tf.tensor2d(wanted.offsets, offsets.shape), 3);
  return {
    objectness: entropies.mul(tf.tensor1d(wanted.counts)).sum().div<tf.Scalar>(drawn),
    anchors: distances
      .mul(tf.tensor2d(own, [own.length, 1]))
      .sum()
      .div<tf.Scalar>(drawn),
  };
}
