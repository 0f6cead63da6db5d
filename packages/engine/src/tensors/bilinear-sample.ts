import type { Tensor, Tensor4D } from '@tensorflow/tfjs-node-gpu';
import { defineOp, tf } from '../platform.ts';

/** The four pixels around each position, `[count, channels]` each, and how far the position lies from the first. */
function around(images: Tensor, positions: Tensor) {
  const [batch, height, width, channels] = images.shape as [number, number, number, number];
  const [, rows, columns] = positions.shape as [number, number, number, number];
  const count = batch * rows * columns;
  const [x, y] = tf.split(positions.reshape([count, 2]), 2, 1) as [Tensor, Tensor];
  const axis = (position: Tensor, size: number) => {
    const inside = position.clipByValue(0, size - 1);
    const before = inside.floor().clipByValue(0, Math.max(0, size - 2));
    const moves = position.greaterEqual(0).logicalAnd(position.lessEqual(size - 1));
    return {
      first: before.toInt(),
      second: before
        .add(1)
        .minimum(size - 1)
        .toInt(),
      share: inside.sub(before),
      moves: moves.toFloat(),
    };
  };
  const [across, down] = [axis(x, width), axis(y, height)];
  const start = tf.range(0, batch, 1, 'int32').mul(height * width);
  const image = tf.tile(start.expandDims(1), [1, rows * columns]).reshape([count, 1]);
  const pixels = images.reshape([batch * height * width, channels]);
  const at = (column: Tensor, row: Tensor) => {
    const index = image.add(row.mul(tf.scalar(width, 'int32'))).add(column);
    return tf.gather(pixels, index.reshape([count]).toInt());
  };
  return {
    corners: [
      at(across.first, down.first),
      at(across.second, down.first),
      at(across.first, down.second),
      at(across.second, down.second),
    ] as const,
    across,
    down,
  };
}

const mix = (a: Tensor, b: Tensor, share: Tensor): Tensor => a.add(b.sub(a).mul(share));

const sample = defineOp<object>({
  name: 'SelfsupBilinearSample',
  forward: ({ images, positions }) =>
    tf.tidy(() => {
      const { corners, across, down } = around(images!, positions!);
      const upper = mix(corners[0], corners[1], across.share);
      const lower = mix(corners[2], corners[3], across.share);
      const [batch, rows, columns] = positions!.shape as [number, number, number, number];
      return mix(upper, lower, down.share).reshape([batch, rows, columns, images!.shape[3]!]);
    }),
  saveInputs: ['images', 'positions'],
  backward: (dy, [images, positions]) => ({
    positions: () =>
      tf.tidy(() => {
        const { corners, across, down } = around(images!, positions!);
        const [a, b, c, d] = corners;
        const gradient = dy.reshape(a.shape);
        const alongX = mix(b.sub(a), d.sub(c), down.share).mul(gradient).sum(1, true).mul(across.moves);
        const alongY = mix(c.sub(a), d.sub(b), across.share).mul(gradient).sum(1, true).mul(down.moves);
        return tf.concat([alongX, alongY], 1).reshape(positions!.shape);
      }),
  }),
});

/**
 * Images `[batch, height, width, channels]` at positions `[batch, rows, columns, 2]` (x, then y, in pixels, 0 being the
 * centre of the first), bilinearly: `[batch, rows, columns, channels]`. Outside, the border pixels reach on. Differentiable
 * in the positions (spatial transformer networks, Jaderberg et al. 2015, arXiv:1506.02025, §3.3), not in the images.
 */
export function bilinearSample(images: Tensor4D, positions: Tensor4D): Tensor4D {
  return sample({ images, positions }, {})[0] as Tensor4D;
}
