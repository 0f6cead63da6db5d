import { compiledStep } from '@selfsup/engine/compiled-step';
import { regionMaxPool } from '@selfsup/engine/pooling';
import { tf } from '@selfsup/engine/tensorflow';
import { deriveKey } from '@selfsup/kit/random';
import { modelWeights, type NamedVariable } from '@selfsup/models/weights';
import { gradientsOf } from '@selfsup/trainer/gradients';
import type { ParameterGroup, StepOutcome } from '@selfsup/trainer/trainee';
import { fastBiasGroups, isBias, type Trunk } from '../tuning/trunk.ts';
import { sampleAnchors, type AnchorSampling } from './anchor-sampling.ts';
import { anchorsOver, type AnchorShape } from './anchors.ts';
import type { Boxes } from './boxes.ts';
import { FeatureMaps, type UsedLayers } from './feature-maps.ts';
import type { TrainingImage } from './image-feed.ts';
import { proposalLosses, proposalOutputs, type ProposalOutputs } from './proposal-network.ts';
import { proposedRegions, type ProposalRule } from './proposed-regions.ts';
import { regionLosses } from './region-losses.ts';
import { regionScores, type RegionScores } from './region-scores.ts';
import { drawnRegions, type RegionDrawing } from './region-targets.ts';
import { cornersOf, frameArea, type ScaledImages, type Size } from './scaled-images.ts';

/** How regions are proposed, and which anchors and regions are trained on. */
export interface Proposing extends RegionDrawing {
  readonly shapes: readonly AnchorShape[];
  readonly anchors: AnchorSampling;
  readonly training: ProposalRule;
  readonly testing: ProposalRule;
  /** Of regions, in pixels of the stored image. */
  readonly leastSide: number;
}

/** The networks above an encoder: one that proposes regions of its map, and one that looks at each. */
export interface ProposingHeads {
  readonly proposals: tf.LayersModel;
  readonly head: tf.LayersModel;
}

/**
 * An encoder's feature map with a network that proposes regions of it and a head that looks at them, trained together (Faster
 * R-CNN, Ren et al. 2015, arXiv:1506.01497, §3.2, "approximate joint training": no gradient goes through the proposed boxes).
 * Images are taken one at a time.
 */
export class ProposingDetector {
  readonly #maps: FeatureMaps;
  readonly #heads: ProposingHeads;
  readonly #how: Proposing;
  readonly #trained: readonly NamedVariable[];

  /** Throws `UserError` where a layer is none of the encoder. */
  constructor(trunk: Trunk, heads: ProposingHeads, layers: UsedLayers, how: Proposing) {
    this.#maps = new FeatureMaps(trunk, layers);
    this.#heads = heads;
    this.#how = how;
    this.#trained = [
      ...this.#maps.variables,
      ...modelWeights('proposals', heads.proposals, true),
      ...modelWeights('head', heads.head, true),
    ];
  }

  /** All that is trained; biases learn twice as fast and do not decay, as in Caffe. */
  get parameterGroups(): ParameterGroup[] {
    return fastBiasGroups(this.#trained, (one) => isBias(this.#maps.trunk, one));
  }

  /** Builds what images of this size need, once; a step finds it there. Throws `UserError` as `FeatureMaps.prepare` does. */
  prepare(size: Size): void {
    this.#maps.prepare(size);
  }

  /** Forward and backward pass over one image: the sum of `proposalLosses` and `regionLosses`. */
  step({ images, truth, key }: TrainingImage): StepOutcome {
    const { anchors: rule } = this.#how;
    const anchors = this.anchors(images);
    const wanted = sampleAnchors(anchors, truth, frameArea(images), rule, deriveKey(key, 'anchors'));
    const x = this.#maps.pixels(images);
    const { loss, metrics, gradients } = gradientsOf(this.#trained, () => {
      const map = this.#maps.apply(x, this.#maps.trunk.training);
      const proposed = proposalOutputs(this.#heads.proposals, map, true);
      const found = this.#regions(images, anchors, proposed, this.#how.training);
      // The objects themselves are regions to train on too.
      const all = Float32Array.from([...found, ...truth.boxes]);
      const { regions, ...targets } = drawnRegions(all, truth, this.#how, deriveKey(key, 'regions'));
      const places = new Array<number>(targets.labels.length).fill(0);
      const cells = this.#maps.cells(images, cornersOf(regions, [1, 1]), places);
      const [scores, offsets] = this.#heads.head.apply(regionMaxPool(map, cells), { training: true }) as [
        tf.Tensor2D,
        tf.Tensor2D,
      ];
      const terms = { ...proposalLosses(proposed, wanted), ...regionLosses(scores, offsets, targets) };
      const [first, ...others] = Object.values(terms);
      return { loss: others.reduce((sum, term) => sum.add(term), first!), metrics: terms };
    });
    return { losses: { loss }, metrics, gradients, samples: 1 };
  }

  /** The regions proposed for an image, in the pixels of its frame, best first, and what the head says of them. */
  look(images: ScaledImages): { readonly regions: Boxes; readonly scores: RegionScores } {
    this.prepare(images);
    const [map, scores, offsets] = compiledStep(() =>
      tf.tidy((): [tf.Tensor4D, tf.Tensor2D, tf.Tensor2D] => {
        const map = this.#maps.apply(this.#maps.pixels(images), false);
        const { scores, offsets } = proposalOutputs(this.#heads.proposals, map, false);
        return [map, scores, offsets];
      }),
    );
    try {
      const regions = this.#regions(images, this.anchors(images), { scores, offsets }, this.#how.testing);
      const corners = cornersOf(regions, [1, 1]);
      return { regions, scores: regionScores(this.#maps, this.#heads.head, { images, map, corners }) };
    } finally {
      tf.dispose([map, scores, offsets]);
    }
  }

  /** The anchors over frames of a size, in their pixels. Throws `UserError` as `prepare` does. */
  anchors(size: Size): Boxes {
    this.prepare(size);
    return anchorsOver(this.#maps.grid(size), this.#how.shapes);
  }

  /** Reads what the proposal network says. Anchors about units beyond the image, in its frame, propose nothing. */
  #regions(images: ScaledImages, anchors: Boxes, { scores, offsets }: ProposalOutputs, rule: ProposalRule): Boxes {
    const { height, width } = frameArea(images);
    const [pairs, moves] = [scores.dataSync<'float32'>(), offsets.dataSync<'float32'>()];
    const objectness = Float32Array.from({ length: pairs.length / 2 }, (_, i) => {
      const isWithin =
        anchors[4 * i]! + anchors[4 * i + 2]! < 2 * width && anchors[4 * i + 1]! + anchors[4 * i + 3]! < 2 * height;
      return isWithin ? pairs[2 * i + 1]! - pairs[2 * i]! : -Infinity;
    });
    const leastSide = this.#how.leastSide * Math.min(...images.scales[0]!);
    const given = { scores: objectness, offsets: moves };
    return proposedRegions(anchors, given, { height, width, leastSide }, rule);
  }
}
