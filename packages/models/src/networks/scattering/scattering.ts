import { z } from 'zod';
import { tf } from '@selfsup/engine/tensorflow';
import { UserError } from '@selfsup/kit/errors';
import type { RandomKey } from '@selfsup/kit/random';
import type { ImageShape, Network } from '../../network.ts';
import { scatteringLayer } from './scattering-layer.ts';

const schema = z.strictObject({
  /** J: the output is 2^J times smaller than the image. */
  scales: z.int().min(1).max(6).default(2),
  /** L: angles of the wavelets. */
  angles: z.int().min(1).max(32).default(8),
  /** How many wavelets follow each other at most. */
  order: z.union([z.literal(1), z.literal(2)]).default(2),
});
type ScatteringConfig = z.infer<typeof schema>;

/**
 * The scattering transform as a network without weights, the baseline of Oyallon et al. 2017 (arXiv:1703.08961): Morlet
 * wavelets, moduli and a low-pass filter, for each channel by itself. One probe point, `scattering`: for 32-pixel images with
 * J = 2, L = 8 and order 2 `[batch, 8, 8, 243]`, 81 paths of each of three channels. Agrees with kymatio.
 *
 * Building throws `UserError` for images whose sides are not longer than 2^J pixels.
 */
const scattering: Network<ScatteringConfig> = {
  schema,

  probePoints: () => ['scattering'],

  build(config: ScatteringConfig, input: ImageShape, _key: RandomKey): tf.LayersModel {
    const least = 2 ** config.scales + 1;
    if (input.height < least || input.width < least)
      throw new UserError(
        `Scattering over ${config.scales} scales takes images of at least ${least} × ${least} pixels, not ${input.height} × ${input.width}`,
        { field: 'network.scales', remedy: 'Name fewer scales, or prepare larger images.' },
      );
    const image = tf.input({ shape: [input.height, input.width, input.channels], name: 'image' });
    const output = scatteringLayer({ name: 'scattering', ...config }).apply(image) as tf.SymbolicTensor;
    return tf.model({ inputs: image, outputs: output, name: 'scattering' });
  },
};
export default scattering;
