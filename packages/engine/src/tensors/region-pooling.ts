import type { Tensor, Tensor4D } from '@tensorflow/tfjs-node-gpu';
import { type } from '../attributes.ts';
import { defineOp, kernel, tf } from '../platform.ts';

/** Cells are added until their number is a multiple: functions are compiled for few numbers of them. */
const CELL_MULTIPLE = 4096;

/** The cells of feature maps that fall into the bins of regions: what `regionMaxPool` goes by. */
export interface RegionCells {
  /** Bins on each side of a region. */
  readonly size: number;
  readonly regions: number;
  /** Indices of cells into `[batch · height · width]`, bin by bin, row by row. */
  readonly cells: Int32Array;
  /** For each cell its bin, `(region · size + row) · size + column`; beyond the last one for those that fill up. */
  readonly bins: Int32Array;
}

/** Feature maps of a batch: `stride` pixels lie between two units. */
export interface MapShape {
  readonly height: number;
  readonly width: number;
  readonly stride: number;
}

/**
 * Divides regions into size × size bins by the rule of Fast R-CNN's RoI pooling (Girshick 2015, as released for Caffe): corners
 * over `stride`, rounded, both inclusive; bin p of a side of n cells goes from floor(p·n/size) to ceil((p+1)·n/size), as far as
 * the map has it, so neighbours overlap.
 *
 * @param corners left, top, right, bottom in pixels of the network's input, counted from 0, both inclusive: `[regions, 4]`
 * @param images the place in the batch of each region's image, `[regions]`
 */
export function regionCells(
  corners: ArrayLike<number>,
  images: ArrayLike<number>,
  { height, width, stride }: MapShape,
  size: number,
): RegionCells {
  const regions = images.length;
  const [cells, bins]: [number[], number[]] = [[], []];
  const spans = (from: number, to: number, room: number): (readonly [number, number])[] => {
    const start = Math.round(from / stride);
    const length = Math.max(Math.round(to / stride) - start + 1, 1);
    return Array.from({ length: size }, (_, bin) => [
      Math.min(Math.max(start + Math.floor((bin * length) / size), 0), room),
      Math.min(Math.max(start + Math.ceil(((bin + 1) * length) / size), 0), room),
    ]);
  };
  for (let region = 0; region < regions; region++) {
    const [left, top, right, bottom] = [0, 1, 2, 3].map((side) => corners[4 * region + side]!);
    const columns = spans(left!, right!, width);
    spans(top!, bottom!, height).forEach(([firstRow, endRow], row) => {
      columns.forEach(([first, end], column) => {
        const bin = (region * size + row) * size + column;
        for (let y = firstRow; y < endRow; y++)
          for (let x = first; x < end; x++) {
            cells.push((images[region]! * height + y) * width + x);
            bins.push(bin);
          }
      });
    });
  }
  const filled = Math.ceil(cells.length / CELL_MULTIPLE) * CELL_MULTIPLE;
  const all = { cells: new Int32Array(filled), bins: new Int32Array(filled).fill(regions * size * size) };
  all.cells.set(cells);
  all.bins.set(bins);
  return { size, regions, ...all };
}

interface PoolAttributes {
  readonly segments: number;
}

/** Below every feature: what TensorFlow gives a segment without rows lies there too. */
const LOWEST = -3e38;

function reduced(op: 'Max' | 'Min' | 'Sum', rows: Tensor, segments: Tensor, count: number): Tensor {
  const types = { T: type('float32'), Tindices: type('int32'), Tnumsegments: type('int32') };
  return kernel(`UnsortedSegment${op}`, types, [rows, segments, tf.scalar(count, 'int32')])[0]!;
}

// Outputs: the greatest value of each bin, 0 in empty ones; and the same as TensorFlow gives it, for the way back.
const pool = defineOp<PoolAttributes>({
  name: 'SelfsupRegionMaxPool',
  forward: ({ rows, cells, bins }, { segments }) =>
    tf.tidy(() => {
      const greatest = reduced('Max', tf.gather(rows!, cells! as tf.Tensor1D), bins!, segments);
      return [tf.where(greatest.greater(LOWEST), greatest, tf.zerosLike(greatest)), greatest];
    }),
  saveInputs: ['rows', 'cells', 'bins'],
  saveOutputs: [false, true],
  backward: (dy, [rows, cells, bins, greatest], { segments }) => ({
    rows: () =>
      tf.tidy(() => {
        const taken = tf.gather(rows!, cells! as tf.Tensor1D);
        const isGreatest = taken.equal(tf.gather(greatest!, bins! as tf.Tensor1D));
        // Of equal ones the first gets the gradient.
        const count = cells!.shape[0]!;
        const order = tf.range(0, count, 1, 'float32').expandDims(1);
        const places = tf.where(isGreatest, order, tf.fill(taken.shape, count));
        const first = tf.gather(reduced('Min', places, bins!, segments), bins! as tf.Tensor1D);
        const gradients = tf.gather(dy, bins! as tf.Tensor1D);
        const passed = tf.where(places.equal(first).logicalAnd(isGreatest), gradients, tf.zerosLike(gradients));
        return reduced('Sum', passed, cells!, rows!.shape[0]!);
      }),
  }),
});

/**
 * The greatest value of each channel in each bin of regions of feature maps `[batch, height, width, channels]`, 0 where a bin
 * holds no cell: `[regions, size, size, channels]`. The same bits each time; differentiable in the maps, of equal values in a
 * bin the first one gets the gradient, as in Caffe.
 */
export function regionMaxPool(maps: Tensor4D, { size, regions, cells, bins }: RegionCells): Tensor4D {
  return tf.tidy(() => {
    const [batch, height, width, channels] = maps.shape;
    const rows = maps.reshape([batch * height * width, channels]);
    const count = regions * size * size;
    const given = { rows, cells: tf.tensor1d(cells, 'int32'), bins: tf.tensor1d(bins, 'int32') };
    // One bin more than there are takes the cells that fill up.
    const [pooled] = pool(given, { segments: count + 1 });
    return pooled!.slice([0, 0], [count, channels]).reshape<Tensor4D>([regions, size, size, channels]);
  });
}
