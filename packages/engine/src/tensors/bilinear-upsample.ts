import type { Tensor, Tensor4D } from '@tensorflow/tfjs-node-gpu';
import { type } from '../attributes.ts';
import { defineOp, kernel, tf } from '../platform.ts';

/** Where the units of a map lie along an image: unit i is centred on pixel `centre + stride · i`, pixels counted from 0. */
export interface Grid {
  readonly stride: number;
  readonly centre: number;
}

/** Weights `[to, from]`: of unit i at place p max(0, 1 − |p − i's centre| / stride). */
function weightsBetween(from: Grid, units: number, to: Grid, places: number): Tensor {
  const values = new Float32Array(places * units);
  for (let place = 0; place < places; place++)
    for (let unit = 0; unit < units; unit++) {
      const distance = Math.abs(to.centre + to.stride * place - from.centre - from.stride * unit);
      values[place * units + unit] = Math.max(0, 1 - distance / from.stride);
    }
  return tf.tensor3d(values, [1, places, units]);
}

/** One matrix times each of a batch. */
function product(matrix: Tensor, batch: Tensor, transposed: boolean): Tensor {
  return kernel('BatchMatMulV2', { T: type('float32'), adj_x: transposed, adj_y: false }, [matrix, batch])[0]!;
}

const upsample = defineOp<object>({
  name: 'SelfsupBilinearUpsample',
  forward: ({ scores, down, across }) =>
    tf.tidy(() => {
      const [batch, height, width, channels] = scores!.shape as [number, number, number, number];
      const [rows, columns] = [down!.shape[1]!, across!.shape[1]!];
      // Along the rows first, of which there are few as yet.
      const wide = product(across!, scores!.reshape([batch * height, width, channels]), false);
      const all = product(down!, wide.reshape([batch, height, columns * channels]), false);
      return all.reshape([batch, rows, columns, channels]);
    }),
  saveInputs: ['scores', 'down', 'across'],
  backward: (dy, [scores, down, across]) => ({
    scores: () =>
      tf.tidy(() => {
        const [batch, height, width, channels] = scores!.shape as [number, number, number, number];
        const [rows, columns] = [down!.shape[1]!, across!.shape[1]!];
        const wide = product(down!, dy.reshape([batch, rows, columns * channels]), true);
        const narrow = product(across!, wide.reshape([batch * height, columns, channels]), true);
        return narrow.reshape([batch, height, width, channels]);
      }),
  }),
});

/**
 * Scores `[batch, height, width, channels]` on one grid as scores on another, `[batch, rows, columns, channels]`, bilinear: what
 * a transposed convolution with fixed bilinear weights and a crop give (Long et al. 2015, arXiv:1411.4038, §3.3), as two
 * products by matrices. Beyond the outermost units scores fall to 0 within a stride, as there. Differentiable in the scores.
 */
export function bilinearUpsample(
  scores: Tensor4D,
  from: Grid,
  to: Grid & { readonly rows: number; readonly columns: number },
): Tensor4D {
  return tf.tidy(() => {
    const [, height, width] = scores.shape;
    const down = weightsBetween(from, height, to, to.rows);
    const across = weightsBetween(from, width, to, to.columns);
    return upsample({ scores, down, across }, {})[0] as Tensor4D;
  });
}
