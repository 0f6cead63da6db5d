import { compiledStep } from '@selfsup/engine/compiled-step';
import { regionMaxPool } from '@selfsup/engine/pooling';
import { tf } from '@selfsup/engine/tensorflow';
import { modelWeights, type NamedVariable } from '@selfsup/models/weights';
import { gradientsOf } from '@selfsup/trainer/gradients';
import type { ParameterGroup, StepOutcome } from '@selfsup/trainer/trainee';
import { fastBiasGroups, isBias, type Trunk } from '../tuning/trunk.ts';
import { FeatureMaps, type UsedLayers } from './feature-maps.ts';
import { regionLosses, type RegionTargets } from './region-losses.ts';
import { regionScores, type RegionScores } from './region-scores.ts';
import type { ScaledImages, Size } from './scaled-images.ts';

/** Regions of images, and what they should be taken for. */
export interface RegionBatch extends RegionTargets {
  readonly images: ScaledImages;
  /** Inclusive corners in the pixels of the frames, `[regions, 4]`, and the place of each region's image. */
  readonly corners: readonly number[];
  readonly places: readonly number[];
}

/** An encoder's feature map with a head for regions of it (Fast R-CNN, Girshick 2015, arXiv:1504.08083). */
export class Detector {
  readonly #maps: FeatureMaps;
  readonly #head: tf.LayersModel;
  readonly #trained: readonly NamedVariable[];

  /** Throws `UserError` where a layer is none of the encoder. */
  constructor(trunk: Trunk, head: tf.LayersModel, layers: UsedLayers) {
    this.#maps = new FeatureMaps(trunk, layers);
    this.#head = head;
    this.#trained = [...this.#maps.variables, ...modelWeights('head', head, true)];
  }

  /** All that is trained; biases learn twice as fast and do not decay, as in Caffe. */
  get parameterGroups(): ParameterGroup[] {
    return fastBiasGroups(this.#trained, (one) => isBias(this.#maps.trunk, one));
  }

  /** Builds what images of this size need, once; a step finds it there. Throws `UserError` as `FeatureMaps.prepare` does. */
  prepare(size: Size): void {
    this.#maps.prepare(size);
  }

  /** Forward and backward pass: the sum of `regionLosses`. */
  step({ images, corners, places, ...wanted }: RegionBatch): StepOutcome {
    const cells = this.#maps.cells(images, corners, places);
    const x = this.#maps.pixels(images);
    const { loss, metrics, gradients } = gradientsOf(this.#trained, () => {
      const map = this.#maps.apply(x, this.#maps.trunk.training);
      const [scores, offsets] = this.#head.apply(regionMaxPool(map, cells), { training: true }) as [
        tf.Tensor2D,
        tf.Tensor2D,
      ];
      const terms = regionLosses(scores, offsets, wanted);
      return { loss: terms.classification.add<tf.Scalar>(terms.boxes), metrics: terms };
    });
    return { losses: { loss }, metrics, gradients, samples: images.count };
  }

  /** What the head says of regions of one image, given by inclusive corners in the pixels of its frame. */
  look(images: ScaledImages, corners: readonly number[]): RegionScores {
    this.prepare(images);
    const map = compiledStep(() => tf.tidy(() => this.#maps.apply(this.#maps.pixels(images), false)));
    try {
      return regionScores(this.#maps, this.#head, { images, map, corners });
    } finally {
      map.dispose();
    }
  }
}
