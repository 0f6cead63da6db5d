import { z } from 'zod';
import { batchNormRelu, conv2d } from '@selfsup/engine/layers';
import { averagePool, maxPool } from '@selfsup/engine/pooling';
import { tf } from '@selfsup/engine/tensorflow';
import { deriveKey, type RandomKey } from '@selfsup/kit/random';
import { heFanOut } from '../../building/initialisers.ts';
import type { ImageShape, Network } from '../../network.ts';

const schema = z.strictObject({
  /** RotNet on CIFAR uses 4, the supervised baseline 3; 1 serves small puzzle tiles. */
  blocks: z.int().min(1).max(5).default(4),
  /** Channels of the widest layers; the published network has 192, the others scale with it. */
  width: z.int().min(2).default(192),
  /** Average pooling after block 3; only where a fourth block follows. */
  poolAfterBlock3: z.boolean().default(false),
});
type NinConfig = z.infer<typeof schema>;

/**
 * Network in Network as RotNet uses it (Gidaris et al. 2018, arXiv:1803.07728, after Lin et al. 2013): blocks
 * of three convolution + batch norm + ReLU units, the first two pooled. `convN` is block N after its pool.
 * For 32×32 images: conv1 `[batch, 16, 16, width/2]`, conv2 and later `[batch, 8, 8, width]`.
 */
const nin: Network<NinConfig> = {
  schema: schema.refine((config) => config.blocks > 3 || !config.poolAfterBlock3, {
    path: ['poolAfterBlock3'],
    message: 'pooling after block 3 needs a fourth block',
  }),

  probePoints: (config) => Array.from({ length: config.blocks }, (_, index) => `conv${index + 1}`),

  build(config: NinConfig, input: ImageShape, key: RandomKey): tf.LayersModel {
    const { width, blocks } = config;
    const image = tf.input({ shape: [input.height, input.width, input.channels], name: 'image' });
    let x: tf.SymbolicTensor = image;
    for (let block = 1; block <= blocks; block++) {
      const filters =
        block === 1 ? [width, Math.floor((width * 160) / 192), Math.floor(width / 2)] : [width, width, width];
      const pooled = block <= 2 || (block === 3 && config.poolAfterBlock3);
      filters.forEach((count, unit) => {
        const last = unit === 2 && !pooled;
        const kernelSize = unit > 0 ? 1 : block <= 2 ? 5 : 3;
        x = convUnit(x, `block${block}`, unit + 1, count, kernelSize, key, last ? `conv${block}` : undefined);
      });
      const pool = { name: `conv${block}`, size: 3, stride: 2, padding: 1 };
      if (pooled) x = (block === 1 ? maxPool(pool) : averagePool(pool)).apply(x) as tf.SymbolicTensor;
    }
    return tf.model({ inputs: image, outputs: x, name: 'nin' });
  },
};
export default nin;

/** Convolution without bias, batch norm, ReLU; stride 1 and padding that keeps the size. */
function convUnit(
  x: tf.SymbolicTensor,
  block: string,
  unit: number,
  filters: number,
  kernelSize: number,
  key: RandomKey,
  reluName = `${block}_relu${unit}`,
): tf.SymbolicTensor {
  const name = `${block}_conv${unit}`;
  const conv = conv2d({
    name,
    filters,
    kernelSize,
    padding: 'same',
    useBias: false,
    kernelInitializer: heFanOut(deriveKey(key, name)),
  });
  const normalised = batchNormRelu({ name: `${block}_bn${unit}`, reluName });
  return normalised.apply(conv.apply(x) as tf.SymbolicTensor);
}
