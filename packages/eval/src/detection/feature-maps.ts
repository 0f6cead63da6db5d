import { pixelTensor } from '@selfsup/engine/device-tensor';
import { regionCells, type RegionCells } from '@selfsup/engine/pooling';
import { tf } from '@selfsup/engine/tensorflow';
import { UserError } from '@selfsup/kit/errors';
import { samplingGrid, shareWeights } from '@selfsup/models/net-surgery';
import { normalise } from '@selfsup/models/normalise';
import type { NamedVariable } from '@selfsup/models/weights';
import type { Trunk } from '../tuning/trunk.ts';
import type { MapGrid } from './anchors.ts';
import { REGION_BINS } from './region-head.ts';
import type { ScaledImages, Size } from './scaled-images.ts';

/** Which part of an encoder looks for objects: the layer whose map regions are pooled from, and up to where it is not trained. */
export interface UsedLayers {
  readonly layer: string;
  readonly frozen: string | undefined;
}

/** An encoder's feature map, for images of many sizes with the same weights. */
export class FeatureMaps {
  readonly trunk: Trunk;
  /** What training changes of the encoder. */
  readonly variables: readonly NamedVariable[];
  readonly #layer: string;
  readonly #ofSizes = new Map<string, tf.LayersModel>();

  /** Throws `UserError` where a layer is none of the encoder. */
  constructor(trunk: Trunk, { layer, frozen }: UsedLayers) {
    this.trunk = trunk;
    this.#layer = layer;
    const { layers } = trunk.model;
    const names = layers.map(({ name }) => name);
    const last = layers.indexOf(layerOf(trunk, layer));
    const first = frozen === undefined ? -1 : layers.indexOf(layerOf(trunk, frozen, 'frozen'));
    this.variables = trunk.variables.filter(({ name }) => {
      const place = names.indexOf(name.split('/')[1]!);
      return place > first && place <= last;
    });
  }

  /** Builds what frames of this size need, once; a step finds it there. Throws `UserError` where they are too small. */
  prepare({ height, width }: Size): void {
    const key = `${height} × ${width}`;
    if (this.#ofSizes.has(key)) return;
    const twin = this.#twin(height, width);
    const output = twin.getLayer(this.#layer).output as tf.SymbolicTensor;
    this.#ofSizes.set(key, tf.model({ inputs: twin.inputs, outputs: output }));
  }

  #twin(height: number, width: number): tf.LayersModel {
    try {
      const twin = this.trunk.network.build({ height, width, channels: 3 }, [0, 0]);
      shareWeights(this.trunk.model, twin);
      return twin;
    } catch (cause) {
      throw new UserError(`The encoder has no map for frames of ${height} × ${width}: ${(cause as Error).message}`, {
        field: 'scales',
        remedy: 'Make images larger, in training and testing, or use an encoder of convolutions alone.',
        cause,
      });
    }
  }

  #model({ height, width }: Size): tf.LayersModel {
    const found = this.#ofSizes.get(`${height} × ${width}`);
    if (found === undefined) throw new Error(`Nothing is prepared for images of ${height} × ${width}.`);
    return found;
  }

  /** The normalised pixels of images, 0 beyond them in their frames: `[count, height, width, 3]`. */
  pixels({ count, height, width, images, rows, columns }: ScaledImages): tf.Tensor4D {
    const pixels = normalise(pixelTensor(images, [count, height, width, 3]), this.trunk.normalisation);
    return pixels.mul(tf.tensor4d(rows, [count, height, 1, 1]).mul(tf.tensor4d(columns, [count, 1, width, 1])));
  }

  /** The map of `pixels`, `[count, rows, columns, channels]`. */
  apply(pixels: tf.Tensor4D, training: boolean): tf.Tensor4D {
    const [, height, width] = pixels.shape;
    return this.#model({ height, width }).apply(pixels, { training }) as tf.Tensor4D;
  }

  /** Where the units of the map lie on frames of a size. */
  grid(size: Size): MapGrid {
    const model = this.#model(size);
    const output = model.outputs[0]!;
    const [, height, width] = output.shape as number[];
    return { height: height!, width: width!, ...samplingGrid(model, output) };
  }

  /** The cells of regions: inclusive corners in pixels of the frames, `[regions, 4]`, and the place of each one's image. */
  cells(size: Size, corners: readonly number[], places: readonly number[]): RegionCells {
    const { centre, ...map } = this.grid(size);
    const shifted = corners.map((corner) => corner - centre);
    return regionCells(shifted, places, map, REGION_BINS);
  }
}

/** A layer of an encoder by its name. Throws `UserError` naming the config's `field` where there is none. */
export function layerOf({ model, probePoints }: Trunk, name: string, field = 'layer'): tf.layers.Layer {
  const found = model.layers.find((layer) => layer.name === name);
  if (found !== undefined) return found;
  const remedy = `Use one of: ${probePoints.join(', ')}.`;
  throw new UserError(`The encoder has no layer '${name}'`, { field, remedy });
}
