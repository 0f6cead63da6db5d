import { bilinearUpsample, type Grid } from '@selfsup/engine/bilinear';
import { conv2d, dropout } from '@selfsup/engine/layers';
import { tf } from '@selfsup/engine/tensorflow';
import { UserError } from '@selfsup/kit/errors';
import type { RandomKey } from '@selfsup/kit/random';
import { samplingGrid } from '@selfsup/models/net-surgery';
import { heFanInInit, type LayerInit } from '@selfsup/models/units';

/** How a fully convolutional network is made of an encoder. */
export interface FcnOptions {
  /** Takes images with `pad` pixels of zeros around them. */
  readonly trunk: tf.LayersModel;
  readonly pad: number;
  /** Probe points, the uppermost first, whose scores are added to those from above, each on a finer map. */
  readonly skips: readonly string[];
  /** Side of fc6 in units of the last map. */
  readonly window: number;
  /** Of fc6 and of fc7; with 0 there are none. */
  readonly units: number;
  readonly classes: number;
  readonly key: RandomKey;
}

/** Scores of one map, and where its units lie on the image. */
interface Level {
  readonly grid: Grid;
  /** Rows and columns. */
  readonly size: readonly [number, number];
}

/** An encoder with scores for each pixel. */
export interface Fcn {
  /** From the encoder's image to the maps that are scored, the last one first. */
  readonly maps: tf.LayersModel;
  /** From these maps to scores `[batch, rows, columns, classes]` of each. */
  readonly head: tf.LayersModel;
  /** Distance of the finest scores in pixels. */
  readonly stride: number;
  /**
   * Scores of every pixel, `[batch, height, width, classes]`, of normalised images without padding around them, of the one size
   * that the network is built for.
   */
  scores(images: tf.Tensor4D, training: { readonly trunk: boolean; readonly head: boolean }): tf.Tensor4D;
}

/**
 * A fully convolutional network (Long, Shelhamer, Darrell 2015, arXiv:1411.4038): fc6 as a convolution of the window that it
 * looks at, fc7 and the scores as convolutions of one cell; scores of finer maps below are added to the upsampled ones from
 * above; the finest are upsampled to the image, bilinearly. All scores begin at 0. Throws `UserError` for skips that are no
 * layers of the encoder or do not go from coarse to fine, and for images too small for the window.
 */
export function fullyConvolutional(options: FcnOptions): Fcn {
  const { trunk, pad, skips, window, units, classes, key } = options;
  const last = trunk.outputs[0]!;
  const points = [last, ...skips.map((name) => outputOf(trunk, name))];
  const maps = tf.model({ inputs: trunk.inputs, outputs: points });
  const inputs = points.map((point, i) => tf.input({ shape: point.shape.slice(1), name: `map${i}` }));
  const start = heFanInInit(key);
  let x = inputs[0]!;
  if (units > 0) {
    if (Math.min(x.shape[1]!, x.shape[2]!) < window)
      throw new UserError(`The last map has ${x.shape[1]} × ${x.shape[2]} units, fc6 looks at ${window} × ${window}`, {
        field: 'window',
        remedy: "Use a smaller window, a larger 'pad', or larger images.",
      });
    x = convolved(x, 'fc6', window, units, start);
    x = convolved(x, 'fc7', 1, units, start);
  }
  const outputs = [x, ...inputs.slice(1)].map((map, i) =>
    score(map, i === 0 ? 'score' : `score_${skips[i - 1]}`, classes),
  );
  const head = tf.model({ inputs, outputs, name: 'fcn' });
  const levels = points.map((point, i): Level => {
    const { stride, centre } = samplingGrid(trunk, point);
    const reach = i === 0 && units > 0 ? (window - 1) / 2 : 0;
    const [, rows, columns] = outputs[i]!.shape as number[];
    return { grid: { stride, centre: centre + reach * stride - pad }, size: [rows!, columns!] };
  });
  levels.slice(1).forEach(({ grid }, i) => {
    if (grid.stride < levels[i]!.grid.stride) return;
    throw new UserError(`'${skips[i]}' is not finer than the map before: its units lie ${grid.stride} pixels apart`, {
      field: 'skips',
      remedy: 'Name layers from the coarsest to the finest.',
    });
  });
  const [, height, width] = trunk.inputs[0]!.shape as number[];
  const image = { stride: 1, centre: 0, rows: height! - 2 * pad, columns: width! - 2 * pad };
  return {
    maps,
    head,
    stride: levels.at(-1)!.grid.stride,
    scores: (images, training) =>
      tf.tidy(() => {
        const around: [number, number] = [pad, pad];
        const padded = pad === 0 ? images : tf.pad4d(images, [[0, 0], around, around, [0, 0]]);
        const features = maps.apply(padded, { training: training.trunk });
        const found = [head.apply(features, { training: training.head })].flat() as tf.Tensor4D[];
        const finest = found.slice(1).reduce((above, own, i) => {
          const { grid, size } = levels[i + 1]!;
          return bilinearUpsample(above, levels[i]!.grid, {
            ...grid,
            rows: size[0],
            columns: size[1],
          }).add<tf.Tensor4D>(own);
        }, found[0]!);
        return bilinearUpsample(finest, levels.at(-1)!.grid, image);
      }),
  };
}

function outputOf(trunk: tf.LayersModel, name: string): tf.SymbolicTensor {
  const layer = trunk.layers.find((one) => one.name === name);
  if (layer !== undefined) return layer.output as tf.SymbolicTensor;
  throw new UserError(`The encoder has no layer '${name}'`, {
    field: 'skips',
    remedy: 'Name probe points of the encoder, the uppermost first.',
  });
}

function convolved(
  x: tf.SymbolicTensor,
  name: string,
  kernelSize: number,
  filters: number,
  start: LayerInit,
): tf.SymbolicTensor {
  const fanIn = kernelSize ** 2 * x.shape[3]!;
  const layer = conv2d({
    name: `${name}_linear`,
    filters,
    kernelSize,
    padding: 'valid',
    ...start(`${name}_linear`, fanIn),
  });
  const activated = tf.layers.reLU({ name }).apply(layer.apply(x)) as tf.SymbolicTensor;
  return dropout({ name: `${name}_dropout`, rate: 0.5 }).apply(activated) as tf.SymbolicTensor;
}

function score(x: tf.SymbolicTensor, name: string, filters: number): tf.SymbolicTensor {
  const zeros = { kernelInitializer: 'zeros', biasInitializer: 'zeros' } as const;
  return conv2d({ name, filters, kernelSize: 1, ...zeros }).apply(x) as tf.SymbolicTensor;
}

/** The least padding with which the outermost units of the scores lie within half a stride of the image's edge. */
export function leastPadding(trunk: tf.LayersModel, window: number, units: number): number {
  const { stride, centre } = samplingGrid(trunk, trunk.outputs[0]!);
  const first = centre + (units > 0 ? ((window - 1) / 2) * stride : 0);
  return Math.max(0, Math.ceil(first - stride / 2));
}
