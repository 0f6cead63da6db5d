import { compiledStep } from '@selfsup/engine/compiled-step';
import { pixelTensor } from '@selfsup/engine/device-tensor';
import { sparseSoftmaxCrossEntropy } from '@selfsup/engine/losses';
import { regionCells, regionMaxPool, type RegionCells } from '@selfsup/engine/pooling';
import { tf } from '@selfsup/engine/tensorflow';
import { UserError } from '@selfsup/kit/errors';
import { samplingGrid, shareWeights } from '@selfsup/models/net-surgery';
import { normalise } from '@selfsup/models/normalise';
import { modelWeights, type NamedVariable } from '@selfsup/models/weights';
import { gradientsOf } from '@selfsup/trainer/gradients';
import type { ParameterGroup, StepOutcome } from '@selfsup/trainer/trainee';
import { fastBiasGroups, isBias, type Trunk } from '../tuning/trunk.ts';
import { REGION_BINS } from './region-head.ts';
import type { ScaledImages } from './scaled-images.ts';

/** Regions that go through the head at once where nothing is trained. */
const REGIONS_AT_ONCE = 256;

/** Regions of images, and what they should be taken for. */
export interface RegionBatch {
  readonly images: ScaledImages;
  /** Inclusive corners in the pixels of the frames, `[regions, 4]`, and the place of each region's image. */
  readonly corners: readonly number[];
  readonly places: readonly number[];
  /** The class of each, 0 for background; standardised offsets to its object, `[regions, 4]`. */
  readonly labels: Int32Array;
  readonly offsets: Float32Array;
  /** 1 for regions that count, 0 for those that fill up. */
  readonly counts: Float32Array;
}

/** What a detector says of regions. */
export interface RegionScores {
  /** Probabilities, `[regions, classes]`, the first that of the background. */
  readonly probabilities: Float32Array;
  /** Standardised offsets, `[regions, 4 · classes]`. */
  readonly offsets: Float32Array;
}

/** An encoder's feature map with a head for regions of it (Fast R-CNN, Girshick 2015, arXiv:1504.08083). */
export class Detector {
  readonly #trunk: Trunk;
  readonly #head: tf.LayersModel;
  readonly #layer: string;
  readonly #trained: readonly NamedVariable[];
  readonly #maps = new Map<string, tf.LayersModel>();

  /**
   * `layer` is the one whose map regions are pooled from, layers up to `frozen` are not trained. Throws `UserError` where one of
   * them is no layer of the encoder.
   */
  constructor(trunk: Trunk, head: tf.LayersModel, { layer, frozen }: { layer: string; frozen: string | undefined }) {
    this.#trunk = trunk;
    this.#head = head;
    this.#layer = layer;
    const { layers } = trunk.model;
    const names = layers.map(({ name }) => name);
    const last = layers.indexOf(layerOf(trunk, layer));
    const first = frozen === undefined ? -1 : layers.indexOf(layerOf(trunk, frozen, 'frozen'));
    const isTrained = ({ name }: NamedVariable): boolean => {
      const place = names.indexOf(name.split('/')[1]!);
      return place > first && place <= last;
    };
    this.#trained = [...trunk.variables.filter(isTrained), ...modelWeights('head', head, true)];
  }

  /** All that is trained; biases learn twice as fast and do not decay, as in Caffe. */
  get parameterGroups(): ParameterGroup[] {
    return fastBiasGroups(this.#trained, (one) => isBias(this.#trunk, one));
  }

  /** Builds what images of this size need, once; a step finds it there. */
  prepare({ height, width }: { readonly height: number; readonly width: number }): void {
    const key = `${height} × ${width}`;
    if (this.#maps.has(key)) return;
    const twin = this.#trunk.network.build({ height, width, channels: 3 }, [0, 0]);
    shareWeights(this.#trunk.model, twin);
    const output = twin.getLayer(this.#layer).output as tf.SymbolicTensor;
    this.#maps.set(key, tf.model({ inputs: twin.inputs, outputs: output }));
  }

  #mapsOf({ height, width }: ScaledImages): tf.LayersModel {
    const found = this.#maps.get(`${height} × ${width}`);
    if (found === undefined) throw new Error(`Nothing is prepared for images of ${height} × ${width}.`);
    return found;
  }

  #cells(maps: tf.LayersModel, corners: readonly number[], places: readonly number[]): RegionCells {
    const output = maps.outputs[0]!;
    const [, height, width] = output.shape as number[];
    const { stride, centre } = samplingGrid(maps, output);
    const shifted = corners.map((corner) => corner - centre);
    return regionCells(shifted, places, { height: height!, width: width!, stride }, REGION_BINS);
  }

  #pixels({ count, height, width, images, rows, columns }: ScaledImages): tf.Tensor4D {
    const pixels = normalise(pixelTensor(images, [count, height, width, 3]), this.#trunk.normalisation);
    return pixels.mul(tf.tensor4d(rows, [count, height, 1, 1]).mul(tf.tensor4d(columns, [count, 1, width, 1])));
  }

  /**
   * Forward and backward pass: cross entropy of the classes, and the smooth L1 distance of the offsets of objects' regions for
   * their class, summed over the four; both averaged over all regions that count.
   */
  step(batch: RegionBatch): StepOutcome {
    const { images, corners, places, labels, counts } = batch;
    const maps = this.#mapsOf(images);
    const cells = this.#cells(maps, corners, places);
    const regions = Math.max(
      1,
      counts.reduce((sum, one) => sum + one, 0),
    );
    const classes = this.#head.outputs[0]!.shape[1]!;
    const { targets, weights } = dense(batch, classes);
    const x = this.#pixels(images);
    const { loss, metrics, gradients } = gradientsOf(this.#trained, () => {
      const map = maps.apply(x, { training: this.#trunk.training }) as tf.Tensor4D;
      const [scores, offsets] = this.#head.apply(regionMaxPool(map, cells), { training: true }) as [
        tf.Tensor2D,
        tf.Tensor2D,
      ];
      const entropies = sparseSoftmaxCrossEntropy(tf.tensor1d(labels, 'int32'), scores).mul(tf.tensor1d(counts));
      const distance = offsets.sub(targets).abs();
      const near = distance.minimum(1); // d²/2 up to 1, d − ½ beyond
      const distances = near.mul(distance.sub(near.div(2))).mul(weights);
      const [classification, boxes] = [entropies, distances].map((all) => all.sum().div<tf.Scalar>(regions));
      return {
        loss: classification!.add<tf.Scalar>(boxes!),
        metrics: { classification: classification!, boxes: boxes! },
      };
    });
    return { losses: { loss }, metrics, gradients, samples: images.count };
  }

  /** What the head says of regions of one image. */
  look(images: ScaledImages, corners: readonly number[]): RegionScores {
    this.prepare(images);
    const maps = this.#mapsOf(images);
    const map = compiledStep(() => tf.tidy(() => maps.apply(this.#pixels(images), { training: false }) as tf.Tensor4D));
    const regions = corners.length / 4;
    const classes = this.#head.outputs[0]!.shape[1]!;
    const found = {
      probabilities: new Float32Array(regions * classes),
      offsets: new Float32Array(4 * regions * classes),
    };
    try {
      for (let start = 0; start < regions; start += REGIONS_AT_ONCE) {
        const here = Math.min(REGIONS_AT_ONCE, regions - start);
        const own = [
          ...corners.slice(4 * start, 4 * (start + here)),
          ...new Array<number>(4 * (REGIONS_AT_ONCE - here)).fill(0),
        ];
        const cells = this.#cells(maps, own, new Array<number>(REGIONS_AT_ONCE).fill(0));
        const [probabilities, offsets] = compiledStep(() =>
          tf.tidy((): [tf.Tensor, tf.Tensor] => {
            const [scores, offsets] = this.#head.apply(regionMaxPool(map, cells), { training: false }) as tf.Tensor2D[];
            return [tf.softmax(scores!), offsets!];
          }),
        );
        found.probabilities.set(probabilities.dataSync<'float32'>().subarray(0, here * classes), start * classes);
        found.offsets.set(offsets.dataSync<'float32'>().subarray(0, 4 * here * classes), 4 * start * classes);
        tf.dispose([probabilities, offsets]);
      }
    } finally {
      map.dispose();
    }
    return found;
  }
}

/** A layer of an encoder by its name. Throws `UserError` naming the config's `field` where there is none. */
export function layerOf({ model, probePoints }: Trunk, name: string, field = 'layer'): tf.layers.Layer {
  const found = model.layers.find((layer) => layer.name === name);
  if (found !== undefined) return found;
  const remedy = `Use one of: ${probePoints.join(', ')}.`;
  throw new UserError(`The encoder has no layer '${name}'`, { field, remedy });
}

/** Offsets for every class, of which only those of an object's region for its own class count: `[regions, 4 · classes]`. */
function dense(
  { labels, offsets, counts }: RegionBatch,
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
