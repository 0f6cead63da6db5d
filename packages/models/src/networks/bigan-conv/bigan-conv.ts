import { z } from 'zod';
import { tf } from '@selfsup/engine/tensorflow';
import { UserError } from '@selfsup/kit/errors';
import type { ImageShape, Network } from '../../network.ts';
import { buildDiscriminator } from './discriminator.ts';
import { buildGenerator } from './generator.ts';
import { convolutionStack } from './stack.ts';

const schema = z.strictObject({
  /** Channels of the largest maps; they double as the maps halve. */
  width: z.int().min(1).default(64),
  /** Standard deviation with which the discriminator's last layer begins; at 0 it knows nothing, as published. */
  lastStd: z.number().min(0).default(0),
});
type BiganConvConfig = z.infer<typeof schema>;

/**
 * BiGAN's convolutional networks (Donahue et al. 2017, arXiv:1605.09782), DCGAN's of 5×5 kernels and steps
 * of two pixels down to maps of 4×4: for 64 pixels the published generator and discriminator, to go with the encoder
 * `alexnet` (variant `bigan`) or with an encoder of the discriminator's form; for 32 pixels the same with one level less,
 * for which no recipe of BiGAN is published. Weights N(0, 0.02), biases 0.
 *
 * Probe points convN of the encoder are `[batch, side / 2^N, side / 2^N, width · 2^(N−1)]`.
 */
const biganConv: Network<BiganConvConfig> = {
  schema,
  // The last is conv4 for 64 pixels, conv3 for 32.
  probePoints: () => ['conv1', 'conv2', 'conv3'],

  build({ width }, input, key) {
    const image = tf.input({ shape: [input.height, input.width, input.channels], name: 'image' });
    const features = convolutionStack(image, undefined, { width, levels: levelsFor(input) }, key);
    return tf.model({ inputs: image, outputs: features, name: 'bigan-conv' });
  },

  adversaries: ({ width, lastStd }) => ({
    generator: (latent, image, key) => buildGenerator({ width, levels: levelsFor(image) }, latent, image, key),
    discriminator: (latent, image, key) =>
      buildDiscriminator({ width, levels: levelsFor(image), lastStd }, latent, image, key),
  }),
};
export default biganConv;

/** Halvings from an image to maps of 4×4. Throws `UserError` for images that are not square of 32, 64 or 128 pixels. */
function levelsFor({ height, width }: ImageShape): number {
  const levels = Math.log2(height / 4);
  if (height === width && [3, 4, 5].includes(levels)) return levels;
  throw new UserError(
    `The network 'bigan-conv' takes images of 32, 64 or 128 pixels a side, not ${height} × ${width}`,
    {
      field: 'network.name',
      remedy: "Crop the images to such a size, or name 'bigan-mlp', which takes any.",
    },
  );
}
