import { z } from 'zod';
import { tf } from '@selfsup/engine/tensorflow';
import type { RandomKey } from '@selfsup/kit/random';
import type { ImageShape, Network } from '../../network.ts';

const schema = z.strictObject({});
type PixelsConfig = z.infer<typeof schema>;

/** The normalised image itself as a network without weights: what a probe can do without any features. Probe point `pixels`. */
const pixels: Network<PixelsConfig> = {
  schema,
  probePoints: () => ['pixels'],
  build(_config: PixelsConfig, input: ImageShape, _key: RandomKey): tf.LayersModel {
    const image = tf.input({ shape: [input.height, input.width, input.channels], name: 'image' });
    const output = tf.layers.activation({ name: 'pixels', activation: 'linear' }).apply(image) as tf.SymbolicTensor;
    return tf.model({ inputs: image, outputs: output, name: 'pixels' });
  },
};
export default pixels;
