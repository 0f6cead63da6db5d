import { compiledStep } from '@selfsup/engine/compiled-step';
import { pixelTensor } from '@selfsup/engine/device-tensor';
import { sparseSoftmaxCrossEntropy } from '@selfsup/engine/losses';
import { tf } from '@selfsup/engine/tensorflow';
import { normalise } from '@selfsup/models/normalise';
import { modelWeights, type NamedVariable } from '@selfsup/models/weights';
import { gradientsOf } from '@selfsup/trainer/gradients';
import type { ParameterGroup, StepOutcome } from '@selfsup/trainer/trainee';
import { fastBiasGroups, isBias, type Trunk } from '../tuning/trunk.ts';
import type { Fcn } from './fcn.ts';
import { VOID, type Frames } from './frames.ts';

/** An encoder and the fully convolutional network that was made of it. */
export interface Segmenter {
  readonly trunk: Trunk;
  readonly fcn: Fcn;
}

/** Which biases learn twice as fast and do not decay. */
export type FastBiases = 'none' | 'scores' | 'all';

function trainedVariables({ trunk, fcn }: Segmenter): NamedVariable[] {
  return [...trunk.variables, ...modelWeights('head', fcn.head, true)];
}

/** All that is trained. Offsets of a folded batch norm are biases. */
export function segmenterGroups(segmenter: Segmenter, fast: FastBiases): ParameterGroup[] {
  const ofScores = ({ name }: NamedVariable): boolean => name.startsWith('head/score');
  return fastBiasGroups(
    trainedVariables(segmenter),
    (one) => isBias(segmenter.trunk, one) && (fast === 'all' || (fast === 'scores' && ofScores(one))),
  );
}

/**
 * Forward and backward pass: cross entropy of every pixel that is not void, averaged over those of an image, then over the images
 * that have any. Images do not see each other unless the encoder's batch norm is trained, so a step over several is what single
 * ones added up would be.
 */
export function segmentationStep(segmenter: Segmenter, frames: Frames): StepOutcome {
  const { trunk, fcn } = segmenter;
  const classes = fcn.head.outputs[0]!.shape[3]!;
  const { labels, weights } = targetsOf(frames);
  const x = imagesOf(trunk, frames);
  const { loss, gradients } = gradientsOf(trainedVariables(segmenter), () => {
    const scores = fcn.scores(x, { trunk: trunk.training, head: true });
    const losses = sparseSoftmaxCrossEntropy(tf.tensor1d(labels, 'int32'), scores.reshape([-1, classes]));
    return { loss: losses.mul(tf.tensor1d(weights)).sum() };
  });
  return { losses: { loss }, gradients, samples: frames.count };
}

/** Class indices of all pixels, 0 where they are void, and what each pixel's loss counts. */
function targetsOf({ count, labels: given }: Frames): { labels: Int32Array; weights: Float32Array } {
  const labels = new Int32Array(given.length);
  const weights = new Float32Array(given.length);
  const pixels = given.length / count;
  const valid = Array.from({ length: count }, (_, i) =>
    given.subarray(i * pixels, (i + 1) * pixels).reduce((sum, label) => sum + Number(label !== VOID), 0),
  );
  const images = valid.filter((number) => number > 0).length;
  for (let at = 0; at < given.length; at++) {
    if (given[at] === VOID) continue;
    labels[at] = given[at]!;
    weights[at] = 1 / (images * valid[Math.floor(at / pixels)]!);
  }
  return { labels, weights };
}

/** Normalised images, 0 where a frame has none. */
function imagesOf({ input, normalisation }: Trunk, { count, images, rows, columns }: Frames): tf.Tensor4D {
  const [height, width] = [rows.length / count, columns.length / count];
  const pixels = normalise(pixelTensor(images, [count, height, width, 3]), normalisation);
  if (input.channels !== 3) throw new Error(`The encoder takes ${input.channels} channels.`);
  const inside = tf.tensor4d(rows, [count, height, 1, 1]).mul(tf.tensor4d(columns, [count, 1, width, 1]));
  return pixels.mul(inside);
}

/** The class of every pixel of frames, `[count, height, width]`. */
export function segmented({ trunk, fcn }: Segmenter, frames: Frames): Int32Array {
  const best = compiledStep(() =>
    tf.tidy(() => fcn.scores(imagesOf(trunk, frames), { trunk: false, head: false }).argMax(3)),
  );
  const classes = best.dataSync<'int32'>();
  best.dispose();
  return classes;
}

/** Adds the pixels of frames to counts `[true class · classes + said class]`, void left out. */
export function countPixels(counts: Float64Array, { labels }: Frames, said: Int32Array, classes: number): void {
  labels.forEach((label, at) => {
    if (label !== VOID) counts[label * classes + said[at]!]!++;
  });
}
